"""Makers: one folder for each cloud, one function for each control."""
