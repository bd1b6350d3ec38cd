"""Pure checks, one folder per cloud: `(Inventory, Perimeter, Settings) -> list[Check]`."""
