"""Learning that is due: brands whose people decided something, and once a day for all that came meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache

import structlog

from monitor.filter.learned import Unreadable
from monitor.filter.looking import look_closely
from monitor.filter.second_look import second_look
from monitor.filter.weights import WeightsDamaged
from monitor.learning.features import Features, pack, take, unpack, without_words
from monitor.learning.teaching import LATELY, MOST_HEARD, MOST_LESSONS, listen
from monitor.listening import NO_LOOK, looks
from storage.casebook import Casebook
from storage.engine import BaseUnavailable
from storage.views import Hearing, Lesson
from storage.words import Brand

MayLearn = Callable[[str], bool]
"""Whether a place allows learning from what is posted there."""
_AT_ONCE = 16

log = structlog.get_logger(__name__)


def learn_due(
    casebook: Casebook, brands: Mapping[str, Brand], may_learn: MayLearn, now: datetime, *, deep: bool
) -> int:
    """Learn for every brand that is due; gives how many are listened for in another way now. `deep`: with the second look too.

    One brand's failure stops no other, and a second look that cannot be had leaves the first to learn alone. Raises WeightsDamaged and
    BaseUnavailable.
    """
    model = looks(deep=deep and _has_second_look())
    if model == NO_LOOK:
        return 0
    changed = 0
    for key in casebook.hearings.claim_due(now, model):
        if key in brands:
            changed += _try(casebook, brands[key], may_learn, model, now)
    return changed


@cache
def _has_second_look() -> bool:
    """Whether it opens; asked once, for what is installed meanwhile is only seen by a new process."""
    try:
        second_look()
    except (WeightsDamaged, OSError) as trouble:
        log.exception("learning goes on with the first look alone; put this right and start anew", why=str(trouble))
        return False
    return True


def _try(casebook: Casebook, brand: Brand, may_learn: MayLearn, model: str, now: datetime) -> bool:
    try:
        return _learn(casebook, brand, may_learn, model, now)
    except (OSError, MemoryError, WeightsDamaged, BaseUnavailable):
        raise
    except Exception:
        log.exception("learning failed and will be tried again", brand=brand.key)
        return False


def _learn(casebook: Casebook, brand: Brand, may_learn: MayLearn, model: str, now: datetime) -> bool:
    before = casebook.hearings.current(brand.key) or Hearing.shipped(brand.key, now)
    lessons = casebook.hearings.lessons(brand.key, MOST_LESSONS)
    taught = _with_features(casebook, brand, lessons, may_learn, model)
    heard = casebook.hearings.heard(brand.key, now - LATELY, MOST_HEARD)
    version = casebook.hearings.learnt(listen(before, taught, heard, model, now), now)
    if version is not None:
        log.info("a brand is listened for anew", brand=brand.key, version=version, lessons=len(lessons))
    return version is not None


def _with_features(
    casebook: Casebook, brand: Brand, lessons: Sequence[Lesson], may_learn: MayLearn, model: str
) -> list[tuple[Lesson, Features]]:
    """Decisions with what the looks made of them: as kept, else looked at now."""
    known = {lesson.id: one for lesson in lessons if (one := _kept(lesson, may_learn, model)) is not None}
    new = [lesson for lesson in lessons if lesson.id not in known]
    deep = "+" in model
    for begin in range(0, len(new), _AT_ONCE):
        some = new[begin : begin + _AT_ONCE]
        looked = look_closely([lesson.post for lesson in some], brand, deep=deep)
        found = {
            lesson.id: take(one, may_learn=may_learn(lesson.post.place))
            for lesson, one in zip(some, looked, strict=True)
        }
        casebook.hearings.keep_features([(lesson, pack(found[lesson.id])) for lesson in some], model)
        known |= found
    return [(lesson, known[lesson.id]) for lesson in lessons]


def _kept(lesson: Lesson, may_learn: MayLearn, model: str) -> Features | None:
    if lesson.features is None or lesson.made_with != model:
        return None
    try:
        features = unpack(lesson.features)
        return features if may_learn(lesson.post.place) else without_words(features)  # a place may forbid it since
    except Unreadable:
        log.warning("a decision is looked at anew", lesson=lesson.id)
        return None
