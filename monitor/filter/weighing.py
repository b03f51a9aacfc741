"""What the cues of a text add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from monitor.filter.cues import Cues
from monitor.filter.finding import Finder, Hit
from monitor.filter.folding import Folded

_RIVALS = {"fine": 0, "resolved": 1, "complaint": 2, "greeting": 3, "praise": 4}
"""Of two that overlap the longer counts, of equals the one with the lower number here."""
_FAINT = 0.6
_MOST_FROM_FAINT = 1.2  # many faint cues in a long review are still no more than one plain one
_NOT_ONLY = frozenset(
    ("only", "just", "but", "только", "numai", "doar")
)  # "not only late but rude", "nothing but lies"
_VERBAL_NOUN = ("డం", "టం", "dam", "tam")
_NOBODY: frozenset[str] = frozenset()
_IN_READING_ORDER = attrgetter("first", "last")
_NEGATED_PRAISE = 1.0  # "not fresh", "wasn't happy": as good as a complaint


class Told(NamedTuple):
    """One cue that counted. `first`/`last` are tokens of the text, or of the title when `in_title`."""

    hit: Hit
    weight: float
    topic: str
    in_title: bool = False
    negated: bool = False


@dataclass(slots=True)
class Weighed:
    """All that a text's cues say. Weights add up; 1.0 of `trouble` is the line of a complaint."""

    told: dict[str, list[Told]] = field(default_factory=dict)
    first_person: bool = False
    speaks_alone: bool = False
    comes_back: bool = False  # "edit:", "update", "now"
    _sums: dict[str, float] | None = None

    def of(self, sort: str) -> list[Told]:
        """The cues of one sort that counted, in reading order."""
        return self.told.get(sort, [])

    def sum(self, sort: str) -> float:
        """The weight of one sort; a cue said twice counts once, faint cues count up to a line."""
        return self.sums().get(sort, 0.0)

    def sums(self) -> Mapping[str, float]:
        """The weights of all sorts that were told."""
        if self._sums is None:
            self._sums = {sort: _add_up(told) for sort, told in self.told.items()}
        return self._sums


def _add_up(told: Sequence[Told]) -> float:
    weights: dict[str, float] = {}
    for one in told:
        key = one.hit.cue.text + ("!" if one.negated else "")
        weights[key] = max(weights.get(key, 0.0), one.weight)
    faint = sum(weight for weight in weights.values() if weight <= _FAINT)
    return sum(weight for weight in weights.values() if weight > _FAINT) + min(faint, _MOST_FROM_FAINT)


def weigh(title: Folded, text: Folded, finder: Finder) -> Weighed:
    """Find the cues in title and text, let them outdo each other where they overlap, and add up."""
    weighed = Weighed()
    for in_title, part in ((True, title), (False, text)):
        if part.keys:
            _weigh_part(weighed, part, finder, in_title=in_title)
    return weighed


def _weigh_part(weighed: Weighed, part: Folded, finder: Finder, *, in_title: bool) -> None:
    weighed.first_person |= not finder.me.isdisjoint(part.keys)
    weighed.speaks_alone |= not finder.me_alone.isdisjoint(part.keys)
    weighed.comes_back |= not finder.back.isdisjoint(part.keys)
    hits = finder.find(part)
    if not hits:
        return
    unresolved = {at for hit in hits if hit.cue.sort == "unresolved" for at in range(hit.first, hit.last + 1)}
    kept = _outdo(hits)
    spoken_for = {at for hit in kept if hit.cue.sort in _RIVALS for at in range(hit.first, hit.last + 1)}
    stand = _Standing(part, unresolved, spoken_for, in_title)
    for hit in kept:
        told = _tell(hit, finder.lexicons[hit.rank], stand)
        if told is None:
            continue
        sort = "complaint" if told.negated else hit.cue.sort
        weighed.told.setdefault(sort, []).append(told)


def _outdo(hits: Sequence[Hit]) -> list[Hit]:
    """Of complaint, praise, "no problem", "fixed" and courtesy ("good morning") cues that overlap, only the one with most words stays; other sorts all stay."""
    if len(hits) == 1:
        return list(hits)
    kept = [hit for hit in hits if hit.cue.sort not in _RIVALS]
    rivals = [hit for hit in hits if hit.cue.sort in _RIVALS]
    if len(rivals) > 1:
        rivals.sort(key=lambda hit: (-hit.cue.words, _RIVALS[hit.cue.sort], -hit.cue.weight, hit.rank))
    taken: set[int] = set()
    for hit in rivals:
        span = range(hit.first, hit.last + 1)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append(hit)
    kept.sort(key=_IN_READING_ORDER)
    return kept


class _Standing(NamedTuple):
    """Where cues stand: the part of the post, its words that say "not fixed", and the words that some cue has used up."""

    part: Folded
    unresolved: set[int]
    spoken_for: set[int]
    in_title: bool

    def is_turned(self, hit: Hit, negators: frozenset[str]) -> bool:
        """Whether a negator stands one or two words before the cue, in its sentence, not being part of another cue."""
        part = self.part
        for at in range(hit.first - 1, max(hit.first - 3, -1), -1):
            if part.sentences[at] != part.sentences[hit.first] or at in self.spoken_for:
                return False
            if part.keys[at] in negators:
                return part.keys[at + 1] not in _NOT_ONLY
        return False

    def is_taken_back(self, hit: Hit, negators: frozenset[str]) -> bool:
        """Whether "sorted" is a part of "still not sorted"."""
        return self.is_turned(hit, negators) or not self.unresolved.isdisjoint(range(hit.first, hit.last + 1))

    def is_turned_after(self, hit: Hit, negators: frozenset[str]) -> bool:
        """The same for Telugu, whose negation comes next after the word."""
        at = hit.last + 1
        if hit.first != hit.last or self.part.keys[hit.last].endswith(_VERBAL_NOUN):
            return False  # "ఎత్తడం లేదు" is the complaint itself
        if at >= len(self.part.keys) or self.part.sentences[at] != self.part.sentences[hit.last]:
            return False
        return self.part.keys[at] in negators


def _tell(hit: Hit, lexicon: Cues, stand: _Standing) -> Told | None:
    """What a cue tells where it stands: a negator turns it round."""
    cue = hit.cue
    negators = lexicon.words.get("negators", _NOBODY)
    if cue.sort == "complaint":
        after = lexicon.words.get("after_negators")
        if stand.is_turned_after(hit, after) if after else stand.is_turned(hit, negators):
            return None
    elif cue.sort == "praise" and stand.is_turned(hit, lexicon.words.get("praise_negators", _NOBODY)):
        if hit.first != hit.last:
            return None
        weight = _NEGATED_PRAISE if cue.weight > _FAINT else _FAINT
        return Told(hit, weight, "product", stand.in_title, negated=True)
    elif cue.sort == "resolved" and stand.is_taken_back(hit, negators):
        return None
    return Told(hit, cue.weight, cue.topic, stand.in_title)
