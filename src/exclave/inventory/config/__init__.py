"""AWS Config as an inventory: answers of an aggregator, and exported configuration items."""

from exclave.inventory.config.reading import is_config, together, translated

__all__ = ["is_config", "together", "translated"]
