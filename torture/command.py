"""`amends-torture`: the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run, and end with the exit code."""
    sys.exit("not yet")
