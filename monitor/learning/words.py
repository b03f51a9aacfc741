"""Which words speak for a complaint now, and which against: what a brand's people taught the first look, shown to them.

Only words of people's own decisions are shown, and none that tells who somebody is: no names, handles, numbers or links.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.filter.glance import glance_at
from monitor.filter.grams import BITS, cut, hash_words_and_pieces
from monitor.filter.learned import WORD_BITS, Head
from monitor.filter.reading import whole_text
from storage.languages import LANGUAGES
from storage.views import Lesson
from storage.words import Brand

MOST = 8
FEWEST = 2
"""In so many decisions, about posts of as many people, a word must stand: what a single person wrote stays theirs."""

_SHORTEST = 4  # letters; the shortest words of a language say little by themselves
_AROUND = ".,;:!?…\"'“”„«»()[]{}*_~#¡¿–—-"
_ENDS = (".", "!", "?", "…", ":")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’\u0300-\u036f\u0900-\u0963\u0970-\u097f\u0c00-\u0c7f])*")
_CAPITAL_NOUNS = "de"


@dataclass(frozen=True, slots=True)
class Telling:
    """Words that speak for a complaint, and such that speak against one, the loudest first; as people wrote them."""

    speak_for: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """Where a word stood: in whose posts, in how many of each kind of decision, and how it was written."""

    writers: set[tuple[str, str]] = field(default_factory=set)
    yes: int = 0
    no: int = 0
    written: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A word as it stands in a text. `inside`: within a sentence, where capitals mean something."""

    plain: str
    written: str
    inside: bool


def tell_words(lessons: Sequence[Lesson], head: Head | None, brand: Brand, may_learn: Callable[[str], bool]) -> Telling:
    """The words whose weights are largest and smallest, at most MOST each; none without a head."""
    if head is None or not len(head.weights):
        return Telling()
    taught = [lesson for lesson in lessons if may_learn(lesson.post.place)]
    seen = _count(taught, _names(taught, brand))
    common = [word for word, one in seen.items() if min(len(one.writers), one.yes + one.no) >= FEWEST]
    weights = _weigh(common, head)
    # A drawer is shared by several words: one whose own decisions say otherwise got its weight from another.
    loud_for = [word for word in common if weights[word] > 0 and seen[word].yes > seen[word].no]
    loud_against = [word for word in common if weights[word] < 0 and seen[word].no > seen[word].yes]
    names = _find_names(taught, {*loud_for, *loud_against})
    return Telling(
        _loudest([word for word in loud_for if word not in names], weights, seen),
        _loudest([word for word in loud_against if word not in names], weights, seen),
    )


def _loudest(words: Sequence[str], weights: Mapping[str, float], seen: Mapping[str, _Seen]) -> tuple[str, ...]:
    loudest = sorted(words, key=lambda word: (-abs(weights[word]), word))[:MOST]
    return tuple(seen[word].written.most_common(1)[0][0] for word in loudest)


def _weigh(words: Sequence[str], head: Head) -> dict[str, float]:
    grams, _ = hash_words_and_pieces([[word] for word in words])
    drawers = grams.drawers >> (BITS - WORD_BITS)
    return {words[row]: float(head.weights[drawer]) for row, drawer in zip(grams.rows, drawers, strict=True)}


def _count(taught: Sequence[Lesson], names: frozenset[str]) -> dict[str, _Seen]:
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for lesson in taught:
        spoken: dict[str, str] = {}
        for word in _speak(lesson):
            if word.plain not in names and (word.inside or word.plain not in spoken):
                spoken[word.plain] = (
                    word.written if word.inside and not word.written.isupper() else word.written.lower()
                )
        for plain, written in spoken.items():
            one = seen[plain]
            one.writers.add((lesson.post.place, lesson.post.author.native_id))
            one.yes += lesson.is_complaint
            one.no += not lesson.is_complaint
            one.written[written] += 1
    return seen


def _speak(lesson: Lesson) -> Iterator[_Spoken]:
    """The words of a decision's post, without signs; what has a digit, an @ or a slash in it is none."""
    inside = False
    for chunk in whole_text(lesson.post).split():
        written = chunk.strip(_AROUND)
        if _WORD.fullmatch(written) and len(written) >= _SHORTEST:
            tokens = cut(written)
            if len(tokens) == 1:
                yield _Spoken(tokens[0], written, inside)
        inside = not chunk.endswith(_ENDS)


def _names(taught: Sequence[Lesson], brand: Brand) -> frozenset[str]:
    """Words of our names and of those who wrote."""
    ours = (brand.name, *brand.names, *brand.handles.values(), *(shop.name for shop in brand.shops))
    theirs = (name for lesson in taught for name in (lesson.post.author.name, lesson.post.author.handle))
    return frozenset(token for name in (*ours, *theirs) for token in cut(name.removeprefix("@")))


def _find_names(taught: Sequence[Lesson], words: set[str]) -> set[str]:
    """Those that are written with a capital within sentences more often than not: people and towns. German writes all nouns so."""
    holding = [(lesson, found) for lesson in taught if (found := [one for one in _speak(lesson) if one.plain in words])]
    capitals: Counter[str] = Counter()
    german = _languages([lesson for lesson, _ in holding])
    for (_, found), language in zip(holding, german, strict=True):
        if language == _CAPITAL_NOUNS:
            continue
        for word in found:
            if word.inside and not word.written.isupper():  # who shouts writes everything so
                capitals[word.plain] += 1 if word.written[0].isupper() else -1
    return {word for word, more in capitals.items() if more > 0}


def _languages(lessons: Sequence[Lesson]) -> list[str]:
    """As the places say; else what the letters look like."""
    glances = glance_at([cut(whole_text(lesson.post)) for lesson in lessons])
    found = []
    for lesson, glance in zip(lessons, glances, strict=True):
        if lesson.post.lang or glance is None:
            found.append((lesson.post.lang or "").partition("-")[0].lower())
        else:
            found.append(LANGUAGES[max(range(len(LANGUAGES)), key=glance.languages.__getitem__)])
    return found
