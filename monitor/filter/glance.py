"""A glance at a page of posts: what the first look says of each by its letters alone. It is taken once a page, because that is quickest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import structlog

from monitor.filter.first_look import first_look
from monitor.filter.heads import Floats, softmax
from monitor.filter.weights import WeightsDamaged

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Glance:
    """What its letters say of one post: `feelings` (kinds, then moods) as logits, `languages` as shares of one; and its `words` as cut."""

    feelings: Floats
    languages: Sequence[float]
    words: Sequence[str]


def glance_at(page: Sequence[Sequence[str]]) -> Sequence[Glance | None]:
    """A glance at each text of a page, cut into words; None for all where the weights are missing or damaged, which is told in the log:
    rules and cues go on."""
    if not page:
        return ()
    try:
        look = first_look()
    except WeightsDamaged as damaged:
        _tell_once(str(damaged))
        return (None,) * len(page)
    looks = look.look(page)
    return tuple(Glance(*row) for row in zip(looks.feelings, softmax(looks.languages).tolist(), page, strict=True))


@cache
def _tell_once(why: str) -> None:
    log.error("the filter goes on by rules and cues alone", why=why)
