"""Speaks to the platforms: one file for each, behind the contracts in `doors`."""
