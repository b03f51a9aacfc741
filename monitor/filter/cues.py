"""Cues: words and phrases that tell, written by us, one data file per language.

How a cue is written (commas or line ends part them):

    never arrived         these words, one after the other, within one sentence
    disappoint*           a word that begins so; *లేదు a word that ends so
    parcel|order lost     either word
    <thing> never came    any word of a group; <n> any number
    waited .. weeks       up to three other words in between

How they are found is in `monitor/filter/finding.py`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from monitor.filter.folding import fold_word

FOLDER = Path(__file__).with_name("cues")
WEIGHTS: Mapping[str, float] = {"strong": 2.0, "plain": 1.2, "faint": 0.6}
"""Complaint cues add up; 1.0 is the line: a plain cue tells by itself, a faint one needs company."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One authored cue. `sort` is the table it stands in ("complaint", "praise", …), `topic` the table's second name or "".

    `words` counts the words it names; a gap is none.
    """

    sort: str
    topic: str
    weight: float
    text: str
    words: int


class Cues:
    """The cues of one language as written: what `monitor.filter.finding` looks for."""

    def __init__(self, tables: Mapping[str, Any], name: str) -> None:
        self.name = name
        self.groups = {group: _words(words) for group, words in tables.get("groups", {}).items()}
        self.words: dict[str, frozenset[str]] = {
            key: frozenset(map(fold_word, _words(words))) for key, words in tables.get("words", {}).items()
        }
        self.all = tuple(_read(tables))


def _words(words: str) -> list[str]:
    return [word.strip() for line in words.split("\n") for word in line.split(",") if word.strip()]


def _read(tables: Mapping[str, Any]) -> Iterator[Cue]:
    for sort, table in tables.items():
        if sort in ("groups", "words", "language"):
            continue
        for name, value in table.items():
            if isinstance(value, str):
                yield from (_cue(sort, "", WEIGHTS[name], text) for text in _words(value))
            else:
                for weight, words in value.items():
                    yield from (_cue(sort, name, WEIGHTS[weight], text) for text in _words(words))


def _cue(sort: str, topic: str, weight: float, text: str) -> Cue:
    return Cue(sort, topic, weight, text, sum(part != ".." for part in text.split()))


@cache
def load(name: str) -> Cues | None:
    """The cues of a language ("en", "te-latn", "any"), or None when we have none."""
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        return None
    return Cues(tomllib.loads(path.read_text(encoding="utf-8")), name)


@cache
def version() -> str:
    """Names the cues in use: "cues-" and the first ten digits of the SHA-256 of all data files."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.toml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"cues-{digest.hexdigest()[:10]}"
