"""What no base can hold is replaced on its way in, so that both databases answer alike and neither breaks a page.

NUL and half a surrogate pair: people paste both, and platforms answer with both. A post that holds one is poison and told as such
(`storage.casebook.poison`); everything else is kept with a mark in its place. And numbers beyond all ids: an address such as
/cases/99999999999 is of a case that is not there, not a mistake.
"""

from __future__ import annotations

from typing import Any

MARK = "\N{REPLACEMENT CHARACTER}"
MOST = 2**31 - 1
"""The largest number that PostgreSQL's INTEGER holds, which is what our columns are."""


def make_storable(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    """SQLAlchemy asks this before each statement; gives it back with storable parameters."""
    del connection, cursor, context, many
    return statement, storable(parameters)


def storable(told: Any) -> Any:
    """The same, as near as a base can hold it; whole tuples, lists and dicts of such too."""
    if isinstance(told, str):
        return told if _fits(told) else told.replace("\0", MARK).encode("utf-8", "replace").decode()
    if isinstance(told, int):
        return told if -MOST <= told <= MOST else max(-MOST, min(MOST, told))
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
