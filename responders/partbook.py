"""The authored parts of each language (`responders/parts/<language>.toml`), loaded once and held to one shape."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from responders.check.phrases import LETTER, compile_phrases, phrases
from responders.check.reading import fold
from storage.words import Topic

PARTS = Path(__file__).parent / "parts"
LONGEST = 4_000
"""Characters of a complaint that are read for what it is about. Nobody names the trouble after that."""

_NEAR = re.compile(rf"{LETTER}+(?:'{LETTER}+)?")


@dataclass(frozen=True, slots=True)
class Kind:
    """One way in which a topic goes wrong ("late"): the customer's words that point at it, and how we name it back."""

    topic: Topic
    name: str
    cues: re.Pattern[str]
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartBook:
    """All parts of one language."""

    language: str
    data: dict[str, Any]
    kinds: tuple[Kind, ...]

    def lines(self, *path: str) -> tuple[str, ...]:
        """The variants under a heading, such as `lines("follow_up", "angry", "open")`; empty where there are none."""
        found: Any = self.data
        for name in path:
            found = found.get(name, {}) if isinstance(found, dict) else {}
        return tuple(found) if isinstance(found, list) else ()

    def names_issue(self, text: str, topic: Topic) -> tuple[tuple[str, ...], Topic]:
        """Ways to name what the customer complained of, and its topic: the thing they said where we are sure of it, else `topic`.

        A word that the customer denies ("it was not late") names nothing.
        """
        folded = fold(text[:LONGEST]).text
        ours = sorted(self.kinds, key=lambda kind: kind.topic is not topic)
        for kind in ours:
            if any(not self._denied(folded, found.start()) for found in kind.cues.finditer(folded)):
                return kind.says, kind.topic
        return self.lines("issues", topic.value, "any"), topic

    def says_any(self, text: str, *path: str) -> bool:
        """Whether a text holds one of the cues under a heading."""
        return _cues(self.language, path).search(fold(text[:LONGEST]).text) is not None

    def _denied(self, folded: str, start: int) -> bool:
        words = phrases(self.language)
        before = _NEAR.findall(folded[max(0, start - 20) : start])[-1:]
        return words is not None and bool(before) and words.not_before.search(before[0]) is not None


@cache
def _cues(language: str, path: tuple[str, ...]) -> re.Pattern[str]:
    book = part_book(language)
    return compile_phrases(book.lines(*path) if book else ())


@cache
def part_book(language: str) -> PartBook | None:
    """The parts of a language, or None when nobody has written them."""
    path = PARTS / f"{language}.toml"
    if not language.isalpha() or not path.is_file():
        return None
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    kinds = tuple(
        Kind(Topic(topic), name, compile_phrases(kind["cues"]), tuple(kind["says"]))
        for topic, issues in data["issues"].items()
        for name, kind in issues.items()
        if name != "any"
    )
    return PartBook(language, data, kinds)
