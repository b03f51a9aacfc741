"""Serves the owner: the command line, the settings, the wiring and the web inbox."""
