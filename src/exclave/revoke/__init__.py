"""Shares → the changes that take them back."""
