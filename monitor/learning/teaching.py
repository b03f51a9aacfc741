"""All of a brand's decisions in, how it is listened for out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitor.filter.grams import cut
from monitor.filter.heads import KINDS, Floats
from monitor.filter.learned import VECTOR, Head, Learned, adjust, with_feelings, word_features, write_heads
from monitor.learning.features import Features, pack, stack_both, stack_first
from monitor.learning.fitting import BOTH, FIRST, Decisions, Strength, fit
from monitor.learning.lines import find_line
from storage.views import Hearing, JudgedMention, Lesson
from storage.words import Kind

LATELY = timedelta(days=60)
MOST_HEARD = 1_000
"""Of the mentions that came LATELY so many newest say where the line lies."""
MOST_LESSONS = 600
"""So many newest decisions count; learning takes the cube of it."""
_COMPLAINT = KINDS.index(Kind.COMPLAINT)
_ALSO = (Kind.NOT_US, Kind.SPAM, Kind.PRAISE, Kind.QUESTION)


def learn(taught: Sequence[tuple[Lesson, Features]], *, both: bool) -> Mapping[Kind, Head]:
    """Heads for the first look, or for both, from decisions and their features."""
    known = [(lesson, one) for lesson, one in taught if not both or len(one.both)]
    if not known:
        return {}
    features = [one for _, one in known]
    rows = stack_both(features) if both else stack_first(features)
    shares = np.array([one.both if both else one.first for one in features], np.float64)
    strength = BOTH if both else FIRST
    heads = {Kind.COMPLAINT: _fit(known, Kind.COMPLAINT, shares, rows, strength)}
    heads |= {kind: _fit(known, kind, shares, rows, strength) for kind in _ALSO}
    return {kind: head for kind, head in heads.items() if head is not None}


def _fit(
    known: Sequence[tuple[Lesson, Features]],
    kind: Kind,
    shares: NDArray[np.float64],
    rows: Floats,
    strength: Strength,
) -> Head | None:
    """A kind's head. Who only said "no complaint" said nothing of the other kinds."""
    told = np.array([kind is Kind.COMPLAINT or lesson.kind is not None for lesson, _ in known])
    truth = np.array([lesson.is_complaint if kind is Kind.COMPLAINT else lesson.kind is kind for lesson, _ in known])
    return fit(Decisions(shares[told, KINDS.index(kind)], truth[told], rows[told]), strength)


def listen(
    before: Hearing,
    taught: Sequence[tuple[Lesson, Features]],
    heard: Sequence[JudgedMention],
    model: str,
    now: datetime,
) -> Hearing:
    """How a brand is listened for from now on."""
    first, both = learn(taught, both=False), learn(taught, both=True)
    weights = write_heads(first, both) if first or both else None
    told = [one for one in heard if one.first]
    within = now - min((one.found_at for one in told), default=now)
    learned = Learned(first=first, both=both)
    return before.but(
        model=model,
        line_first=find_line(score_first(told, learned), before.per_day, within),
        line_both=find_line(score_both(told, learned), before.per_day, within),
        weights=weights,
        lessons=len(taught),
        lessons_digest=_digest(taught),
        why=_why(len(taught), weights is not None),
        by="machine",
        at=now,
    )


def score_first(heard: Sequence[JudgedMention], learned: Learned) -> NDArray[np.float64]:
    """How likely the first look takes each for a complaint, with what was learnt."""
    if not heard:
        return np.zeros(0)
    shares = [one.first for one in heard]
    if not learned.first:
        return np.array(shares, np.float64)[:, _COMPLAINT]
    words = word_features([cut(f"{one.title}\n{one.text}" if one.title else one.text) for one in heard])
    features = with_feelings(words, shares, [one.first_mood for one in heard])
    return np.array(adjust(shares, features, learned.first))[:, _COMPLAINT]


def score_both(heard: Sequence[JudgedMention], learned: Learned) -> NDArray[np.float64]:
    """The same by both looks; by the first alone where a second was not worth its time."""
    scores = score_first(heard, learned)
    deep = [at for at, one in enumerate(heard) if one.second and len(one.vector or b"") == 2 * VECTOR]
    if not deep:
        return scores
    vectors = np.zeros((len(deep), VECTOR), np.float32)
    for row, at in zip(vectors, deep, strict=True):
        row[:] = np.frombuffer(heard[at].vector or b"", "<f2")
    shares = [heard[at].second for at in deep]
    features = with_feelings(vectors, shares, [heard[at].second_mood for at in deep])
    scores[deep] = np.array(adjust(shares, features, learned.both))[:, _COMPLAINT]
    return scores


def _digest(taught: Sequence[tuple[Lesson, Features]]) -> str:
    """Which decisions it was made from: the same ones give the same weights."""
    digest = hashlib.sha256()
    for lesson, features in taught:
        digest.update(f"{lesson.mention_id} {lesson.is_complaint} {lesson.kind or ''}\n".encode())
        digest.update(pack(features))
    return digest.hexdigest()


def _why(lessons: int, moved: bool) -> str:
    if not lessons:
        return "From what came lately."
    decisions = "one decision" if lessons == 1 else f"{lessons} decisions"
    few = "" if moved else " (too few, or too much alike, to learn words from)"
    return f"From {decisions}{few} and what came lately."
