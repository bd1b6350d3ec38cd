"""Controls and exposures over an inventory: pure functions of answers, perimeter and settings."""
