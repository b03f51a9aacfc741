"""Chance in the town: seeded, so that the same town happens again."""

from __future__ import annotations

from random import Random


def chance(*key: object) -> Random:
    """A source of chance that depends on the key alone."""
    return Random(":".join(str(part) for part in key))  # noqa: S311 - who says what in a play is no secret
