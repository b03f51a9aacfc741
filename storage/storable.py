"""What no base can hold is replaced on its way in: NUL, and half a surrogate pair. People paste both, and platforms answer with both.

A post that holds one is poison and told as such (`storage.casebook.poison`); everything else is kept with a mark in its place.
"""

from __future__ import annotations

from typing import Any

MARK = "\N{REPLACEMENT CHARACTER}"


def make_storable(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    """SQLAlchemy asks this before each statement; gives it back with storable parameters."""
    del connection, cursor, context, many
    return statement, storable(parameters)


def storable(told: Any) -> Any:
    """The same, with a mark for each character that no base can hold; whole tuples, lists and dicts of them too."""
    if isinstance(told, str):
        return told if _fits(told) else told.replace("\0", MARK).encode("utf-8", "replace").decode()
    if isinstance(told, dict):
        changed = {name: storable(value) for name, value in told.items()}
        return changed if any(changed[name] is not told[name] for name in told) else told
    if isinstance(told, (list, tuple)):
        values = [storable(value) for value in told]
        return type(told)(values) if any(new is not old for new, old in zip(values, told, strict=True)) else told
    return told


def _fits(told: str) -> bool:
    if "\0" in told:
        return False
    if told.isascii():
        return True
    try:
        told.encode()
    except UnicodeEncodeError:
        return False
    return True
