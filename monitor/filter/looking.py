"""What the looks make of posts, rules aside and as shipped: what learning from decisions starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.filter.by_both import meet
from monitor.filter.by_look import consider, gladness, look_at
from monitor.filter.first_look import first_look
from monitor.filter.heads import Floats
from monitor.filter.heard import hear
from monitor.filter.learned import word_features
from monitor.filter.second_look import second_look
from storage.words import Brand, Post


@dataclass(frozen=True, slots=True)
class Looked:
    """Shares of kinds by the first look, and by both where the second was asked; the words, and the second look's vector, as features."""

    first: tuple[float, ...]
    words: Floats
    mood: float = 0.0  # by the first look, -1..1
    both: tuple[float, ...] | None = None
    vector: Floats | None = None
    mood_of_both: float = 0.0


def look_closely(posts: Sequence[Post], brand: Brand, *, deep: bool) -> list[Looked]:
    """What the first look, and if `deep` both, make of some posts. Raises WeightsDamaged where a look cannot be had."""
    if not posts:
        return []
    first = first_look()
    page = hear(posts, brand)
    kinds, moods, glad = look_at(page, first)
    shares = [tuple(consider(heard, row)) for heard, row in zip(page, kinds.tolist(), strict=True)]
    words = word_features([heard.glance.words for heard in page if heard.glance is not None])
    if not deep:
        return [Looked(*row) for row in zip(shares, words, glad, strict=True)]
    found = second_look().look([heard.whole for heard in page])
    met = [tuple(consider(heard, row)) for heard, row in zip(page, meet(kinds, found.kinds).tolist(), strict=True)]
    glad_of_both = gladness(meet(moods, found.moods))
    return [Looked(*row) for row in zip(shares, words, glad, met, found.vectors, glad_of_both, strict=True)]
