"""A glance at a page of posts: what the first look says of each by its letters alone. It is taken once a page, because that is quickest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import structlog

from monitor.filter.first_look import first_look
from monitor.filter.folding import MOST_JUDGED
from monitor.filter.grams import cut_page
from monitor.filter.heads import Floats, softmax
from monitor.filter.weights import WeightsDamaged
from storage.words import Post

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Glance:
    """What its letters say of one post: `feelings` (kinds, then moods) as logits, `languages` as shares of one; and its `words` as cut."""

    feelings: Floats
    languages: Sequence[float]
    words: Sequence[str]


def whole_text(post: Post) -> str:
    """What is judged: the title, if any, and the text below it."""
    text = post.text[:MOST_JUDGED]
    return f"{post.title}\n{text}" if post.title else text


def glance_at(posts: Sequence[Post]) -> Sequence[Glance | None]:
    """A glance at each post; None for all where the weights are missing or damaged, which is told in the log: rules and cues go on."""
    if not posts:
        return ()
    try:
        look = first_look()
    except WeightsDamaged as damaged:
        _tell_once(str(damaged))
        return (None,) * len(posts)
    cuts = cut_page([whole_text(post) for post in posts])
    looks = look.look(cuts)
    return tuple(Glance(*row) for row in zip(looks.feelings, softmax(looks.languages).tolist(), cuts, strict=True))


@cache
def _tell_once(why: str) -> None:
    log.error("the filter goes on by rules and cues alone", why=why)
