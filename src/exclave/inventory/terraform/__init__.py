"""`terraform show -json` as an inventory: what Terraform manages, of a state or as planned."""

from exclave.inventory.terraform.reading import is_terraform, translated

__all__ = ["is_terraform", "translated"]
