"""Finding cues: those of all lexicons that suit a text, in one go.

Looking costs a dictionary look-up per word, so hostile text cannot make it slow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from monitor.filter.cues import Cue, Cues
from monitor.filter.folding import Folded, fold, fold_word, unstretch

_MOST_BETWEEN = 3  # words that ".." may stand for
_LONGEST_WORD = 40  # letters of a word that are looked at
_HEADS = (3, 2, 1)  # letters by which beginnings and ends of words are sorted
_MOST_REMEMBERED = 50_000  # words whose look-up is remembered


class Hit(NamedTuple):
    """A cue found: tokens `first`..`last`, both included; `rank` is the number of its lexicon among those looked for."""

    cue: Cue
    first: int
    last: int
    rank: int


@dataclass(slots=True)
class _Node:
    next: dict[int, _Node] = field(default_factory=dict)
    later: dict[int, _Node] = field(default_factory=dict)  # after a gap
    cues: list[tuple[Cue, int]] = field(default_factory=list)


class _Affixes:
    """Beginnings (or, of words turned round, ends) of words, each with the numbers of the steps that accept it."""

    def __init__(self) -> None:
        self._by_head: dict[str, list[tuple[str, int]]] = {}
        self._heads: tuple[int, ...] = ()  # those of _HEADS that occur, for most lexicons have long ones only

    def add(self, affix: str, number: int) -> None:
        """Accept words that begin so."""
        head = affix[: max(_HEADS)]
        self._by_head.setdefault(head, []).append((affix, number))
        if len(head) not in self._heads:
            self._heads = tuple(sorted((*self._heads, len(head)), reverse=True))

    def find(self, word: str) -> list[int]:
        """The steps that accept a word."""
        found: list[int] = []
        for length in self._heads:
            near = self._by_head.get(word[:length])
            if near is not None:
                found.extend([number for affix, number in near if word.startswith(affix)])
        return found


class _Word(NamedTuple):
    """What is known of a word: the cues that begin with it, the numbers of all steps that accept it, the cues that it is by itself, and the
    steps that the next word must be accepted by for any other; `far` where one may come later."""

    begins: tuple[_Node, ...]
    numbers: tuple[int, ...]
    alone: tuple[tuple[Cue, int], ...]
    goes_on: frozenset[int]
    far: bool


class _Words(dict[str, _Word]):
    """Words that were looked up, remembered until there are too many."""

    def __init__(self, look_up: Callable[[str], _Word]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, key: str) -> _Word:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        found = self[key] = self._look_up(key)
        return found


_UNKNOWN = _Word((), (), (), frozenset(), False)


class Finder:
    """Looks for the cues of some lexicons, best first, in a text."""

    def __init__(self, lexicons: Sequence[Cues]) -> None:
        self.lexicons = tuple(lexicons)
        self._steps: dict[tuple[int, str], int] = {}
        self._exact: dict[str, list[int]] = {}
        self._starts, self._ends = _Affixes(), _Affixes()
        self._any_number: list[int] = []
        self._words = _Words(self._look_up)
        self._root = _Node()
        for rank, lexicon in enumerate(self.lexicons):
            for cue in lexicon.all:
                self._add(rank, cue)
        self.me, self.me_alone, self.back = (self._named(name) for name in ("me", "me_alone", "back"))

    def _named(self, name: str) -> frozenset[str]:
        return frozenset[str]().union(*(lexicon.words.get(name, ()) for lexicon in self.lexicons))

    def find(self, text: Folded) -> list[Hit]:
        """Every cue in the text, overlapping ones included, in reading order; of one place those of the best lexicon first."""
        hits: list[Hit] = []
        words = list(map(self._words.__getitem__, text.keys))
        for first, (word, following) in enumerate(zip(words, (*words[1:], _UNKNOWN), strict=False)):
            if not word.begins:
                continue
            if word.far or not word.goes_on.isdisjoint(following.numbers):
                _walk_from(word, following, first, words, text, hits)
            elif word.alone:
                hits.extend([Hit(cue, first, first, rank) for cue, rank in word.alone])
        return hits

    def _add(self, rank: int, cue: Cue) -> None:
        node = self._root
        gap = False
        for part in cue.text.split():
            if part == "..":
                gap = True
                continue
            for step in _split(part):
                branches = node.later if gap else node.next
                node = branches.setdefault(self._number_of(rank, step), _Node())
                gap = False
        node.cues.append((cue, rank))

    def _number_of(self, rank: int, step: str) -> int:
        """One number for all words that a step of a lexicon's cue accepts."""
        if (rank, step) in self._steps:
            return self._steps[rank, step]
        number = self._steps[rank, step] = len(self._steps)
        groups = self.lexicons[rank].groups
        for choice in step.split("|"):
            if choice == "<n>":
                self._any_number.append(number)
            for word in groups[choice[1:-1]] if choice[0] == "<" and choice not in ("<n>", "<url>") else [choice]:
                self._accept(word, number)
        return number

    def _accept(self, word: str, number: int) -> None:
        if word.endswith("*"):
            self._starts.add(fold_word(word[:-1]), number)
        elif word.startswith("*"):
            self._ends.add(fold_word(word[1:])[::-1], number)
        else:
            self._exact.setdefault(fold_word(word), []).append(number)

    def _look_up(self, key: str) -> _Word:
        found: list[int] = []
        for word in (key[:_LONGEST_WORD], *unstretch(key[:_LONGEST_WORD])):
            found += (*self._exact.get(word, ()), *self._starts.find(word), *self._ends.find(word[::-1]))
        if key[0].isdigit():
            found += self._any_number
        if not found:
            return _UNKNOWN
        numbers = tuple(sorted(set(found)))
        begin = self._root.next
        begins = tuple(begin[number] for number in numbers if number in begin)
        alone = tuple(cue for node in begins for cue in node.cues)
        goes_on = frozenset[int]().union(*(node.next for node in begins))
        return _Word(begins, numbers, alone, goes_on, any(node.later for node in begins))


def _walk_from(
    word: _Word, following: _Word, first: int, words: Sequence[_Word], text: Folded, hits: list[Hit]
) -> None:
    for node in word.begins:
        if node.later or not node.next.keys().isdisjoint(following.numbers):
            _walk(node, first, first, words, text, hits)
        else:
            hits.extend([Hit(cue, first, first, rank) for cue, rank in node.cues])


def _walk(node: _Node, first: int, last: int, words: Sequence[_Word], text: Folded, hits: list[Hit]) -> None:
    for cue, rank in node.cues:
        hits.append(Hit(cue, first, last, rank))
    reach = _MOST_BETWEEN + 2 if node.later else 2 if node.next else 0
    for at in range(last + 1, min(last + reach, len(words))):
        for number in words[at].numbers:
            following = node.next.get(number) if at == last + 1 else None
            later = node.later.get(number)
            if (following or later) and text.sentences[at] == text.sentences[first]:
                if following:
                    _walk(following, first, at, words, text, hits)
                if later:
                    _walk(later, first, at, words, text, hits)


def _split(part: str) -> list[str]:
    """A cue's part as steps: "n-a" is two words to the tokeniser, so it is two here."""
    if "|" in part or "<" in part or part.isalnum():
        return [part]
    star = part.startswith("*"), part.endswith("*")
    words = fold(part.strip("*")).keys or [part.strip("*")]
    if star[0]:
        words[0] = "*" + words[0]
    if star[1]:
        words[-1] += "*"
    return words


@lru_cache(maxsize=32)
def finder(lexicons: tuple[Cues, ...]) -> Finder:
    """The finder for these lexicons, made when it is first asked for."""
    return Finder(lexicons)
