"""Remembering what was made of single words: people type the same few thousand, and most of a text has been read before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import filterfalse
from typing import Generic, TypeVar

Made = TypeVar("Made")

MOST_REMEMBERED = 1 << 16
"""Stretches; a page with more is read all the same, and then all are forgotten."""
_LETTERS_EACH = 16  # on average, or hostile texts would fill the memory with long ones


class Remembered(Generic[Made]):
    """What `make` makes of many stretches of text at once, kept for the next page."""

    def __init__(self, make: Callable[[Sequence[str]], Iterable[Made]]) -> None:
        self._make = make
        self._known: dict[str, Made] = {}
        self._letters = 0
        self._lock = threading.Lock()

    def of(self, stretches: Iterable[str]) -> Mapping[str, Made]:
        """What was made of these stretches, and of others."""
        with self._lock:
            if len(self._known) > MOST_REMEMBERED or self._letters > MOST_REMEMBERED * _LETTERS_EACH:
                self._known, self._letters = {}, 0  # a new one: others may still be reading the old
            new = list(dict.fromkeys(filterfalse(self._known.__contains__, stretches)))
            if new:
                self._known.update(zip(new, self._make(new), strict=True))
                self._letters += sum(map(len, new))
            return self._known
