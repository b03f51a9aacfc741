"""Cues: words and phrases that tell, written by us, one data file per language.

How a cue is written (commas or line ends part them):

    never arrived         these words, one after the other, within one sentence
    disappoint*           a word that begins so; *లేదు a word that ends so
    parcel|order lost     either word
    <thing> never came    any word of a group; <n> any number
    waited .. weeks       up to three other words in between

Looking costs a dictionary look-up per word, so hostile text cannot make it slow.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from monitor.filter.folding import Folded, fold, fold_word, unstretch

FOLDER = Path(__file__).with_name("cues")
WEIGHTS: Mapping[str, float] = {"strong": 2.0, "plain": 1.2, "faint": 0.6}
"""Complaint cues add up; 1.0 is the line: a plain cue tells by itself, a faint one needs company."""

_MOST_BETWEEN = 3  # words that ".." may stand for
_LONGEST_WORD = 40  # letters of a word that are looked at
_MOST_REMEMBERED = 50_000  # words whose look-up is remembered


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


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue found: tokens `first`..`last`, both included."""

    cue: Cue
    first: int
    last: int


@dataclass(slots=True)
class _Node:
    next: dict[int, _Node] = field(default_factory=dict)
    later: dict[int, _Node] = field(default_factory=dict)  # after a gap
    cues: list[Cue] = field(default_factory=list)


class Cues:
    """The cues of one language, ready to look for."""

    def __init__(self, tables: Mapping[str, Any], name: str) -> None:
        self.name = name
        self.groups = {group: _words(words) for group, words in tables.get("groups", {}).items()}
        self._ids: dict[str, int] = {}
        self._exact: dict[str, list[int]] = {}
        self._starts: dict[str, list[int]] = {}
        self._ends: dict[str, list[int]] = {}
        self._any_number: list[int] = []
        self._known: dict[str, tuple[int, ...]] = {}
        self._root = _Node()
        self.words: dict[str, frozenset[str]] = {
            key: frozenset(_words(words)) for key, words in tables.get("words", {}).items()
        }
        self.all = tuple(_read(tables))
        for cue in self.all:
            self._add(cue)

    def _add(self, cue: Cue) -> None:
        node = self._root
        gap = False
        for part in cue.text.split():
            if part == "..":
                gap = True
                continue
            for step in _split(part):
                branches = node.later if gap else node.next
                node = branches.setdefault(self._class_of(step), _Node())
                gap = False
        node.cues.append(cue)

    def _class_of(self, step: str) -> int:
        """One number for all words a step of a cue accepts."""
        if step in self._ids:
            return self._ids[step]
        number = self._ids[step] = len(self._ids)
        for choice in step.split("|"):
            if choice == "<n>":
                self._any_number.append(number)
            for word in self.groups[choice[1:-1]] if choice[0] == "<" and choice not in ("<n>", "<url>") else [choice]:
                self._accept(word, number)
        return number

    def _accept(self, word: str, number: int) -> None:
        if word.endswith("*"):
            table, key = self._starts, fold_word(word[:-1])
        elif word.startswith("*"):
            table, key = self._ends, fold_word(word[1:])
        else:
            table, key = self._exact, fold_word(word)
        numbers = table.setdefault(key, [])
        if number not in numbers:
            numbers.append(number)

    def _classes(self, key: str) -> tuple[int, ...]:
        known = self._known.get(key)
        if known is None:
            found: set[int] = set()
            for word in (key[:_LONGEST_WORD], *unstretch(key[:_LONGEST_WORD])):
                found.update(self._exact.get(word, ()))
                for cut in range(1, len(word) + 1):
                    found.update(self._starts.get(word[:cut], ()))
                    found.update(self._ends.get(word[-cut:], ()))
            if key[0].isdigit():
                found.update(self._any_number)
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            known = self._known[key] = tuple(found)
        return known

    def find(self, text: Folded) -> list[Hit]:
        """Every cue in the text, overlapping ones included, in reading order."""
        hits: list[Hit] = []
        known, begins = self._known.get, self._root.next.get
        classes = [found if (found := known(key)) is not None else self._classes(key) for key in text.keys]
        for first, numbers in enumerate(classes):
            for number in numbers:
                node = begins(number)
                if node is not None:
                    _walk(node, first, first, classes, text.sentences, hits)
        return hits


def _walk(
    node: _Node, first: int, last: int, classes: Sequence[tuple[int, ...]], sentences: Sequence[int], hits: list[Hit]
) -> None:
    hits.extend(Hit(cue, first, last) for cue in node.cues)
    reach = _MOST_BETWEEN + 2 if node.later else 2 if node.next else 0
    for at in range(last + 1, min(last + reach, len(classes))):
        if sentences[at] != sentences[first]:
            return
        for number in classes[at]:
            if at == last + 1 and number in node.next:
                _walk(node.next[number], first, at, classes, sentences, hits)
            if number in node.later:
                _walk(node.later[number], first, at, classes, sentences, hits)


def _split(part: str) -> list[str]:
    """A cue's part as steps: "n-a" is two words to the tokeniser, so it is two here."""
    if "|" in part or "<" in part:
        return [part]
    star = part.startswith("*"), part.endswith("*")
    words = fold(part.strip("*")).keys or [part.strip("*")]
    if star[0]:
        words[0] = "*" + words[0]
    if star[1]:
        words[-1] += "*"
    return words


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
