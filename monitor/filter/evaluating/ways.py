"""Ways of telling complaints: either look alone, both as the product uses them, and VADER. Each is timed on one core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np

from monitor.filter import by_both, find_language, judge_page, judge_page_again
from monitor.filter.by_look import COMPLAINT, choose, unhappiness
from monitor.filter.evaluating.measures import Shares, Truth
from monitor.filter.first_look import first_look
from monitor.filter.heads import softmax
from monitor.filter.mood import COMPLAINT_BELOW, measure_mood
from monitor.filter.second_look import SecondLook, second_look
from storage.words import Author, Brand, Kind, Post, Verdict

Progress = Callable[[int], None]
"""Called with how many texts have been judged so far."""

VADER_LINE = (1 - COMPLAINT_BELOW) / 2
"""The usual line for "negative", by VADER's own authors, as a share of unhappiness."""

_NOBODY = Brand(key="evaluation", name="")  # names nobody: labelled texts rarely name the shop
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many texts are judged at once, and how many before the clock starts: much is loaded when a language first comes up."""

    page: int
    warming: int


_QUICK = Pace(256, 32)
_SLOW = Pace(16, 4)  # the second look reads some 30 texts a second, and a bar should move


class Stage(StrEnum):
    """Which looks are asked."""

    FIRST = "1"
    SECOND = "2"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the filter says of one text. `complaint` and `unhappy` are 0..1; `shares`, one for each Kind, is empty where a rule decided."""

    kind: Kind
    complaint: float
    unhappy: float
    language: str
    shares: tuple[float, ...]

    @property
    def ruled(self) -> bool:
        """Whether a rule decided, so that no line is asked."""
        return not self.shares


@dataclass(frozen=True, slots=True)
class Told:
    """What the asked looks say of the texts, in their order; the line that ships with them, their version, and the seconds of one core."""

    opinions: tuple[Opinion, ...]
    line: float
    version: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ToldByVader:
    """What VADER says of the texts, in their order: shares of unhappiness 0..1, whether they are over its line; seconds of one core."""

    shares: Shares
    said: Truth
    seconds: float


def as_post(text: str, language: str | None = None) -> Post:
    """A labelled text as a post that somebody brought in: no rule about names or handles holds. `language` as a place would say it."""
    return Post("import", "0", Author("0", ""), text, _LONG_AGO, "0", lang=language)


def ask(stage: Stage, posts: Sequence[Post], progress: Progress) -> Told:
    """What a stage says of posts. Raises WeightsDamaged, OSError where a look cannot be had."""
    way = {Stage.FIRST: _by_first, Stage.SECOND: _by_second, Stage.BOTH: _by_both}[stage]
    return way(posts, progress)


def ask_vader(texts: Sequence[str], progress: Progress) -> ToldByVader:
    """VADER alone, at its authors' line, whatever the language."""
    measure_mood("warm")  # its lexicon is loaded with the first word
    moods: list[float] = []
    begun = time.process_time()
    for part in _parts(len(texts), _QUICK.page):
        moods.extend(measure_mood(text) for text in texts[part])
        progress(len(moods))
    seconds = time.process_time() - begun
    told = np.array(moods, np.float64)
    return ToldByVader((1 - told) / 2, told < COMPLAINT_BELOW, seconds)


def _by_first(posts: Sequence[Post], progress: Progress) -> Told:
    """As a page of posts is judged when it comes in."""
    look = first_look()
    return _time(lambda page: judge_page(page, _NOBODY), posts, progress, _QUICK, look.line)


def _by_both(posts: Sequence[Post], progress: Progress) -> Told:
    """As it is judged when it comes in, and once more when there is time."""
    first_look()
    second_look()
    return _time(_judge_twice, posts, progress, _SLOW, by_both.LINE)


def _judge_twice(posts: Sequence[Post]) -> list[Verdict]:
    once, again = judge_page(posts, _NOBODY), judge_page_again(posts, _NOBODY)
    return [later or earlier for earlier, later in zip(once, again, strict=True)]


def _time(
    judge: Callable[[Sequence[Post]], Sequence[Verdict]],
    posts: Sequence[Post],
    progress: Progress,
    pace: Pace,
    line: float,
) -> Told:
    judge(_some(posts, pace.warming))
    verdicts: list[Verdict] = []
    begun = time.process_time()
    for part in _parts(len(posts), pace.page):
        verdicts.extend(judge(posts[part]))
        progress(len(verdicts))
    seconds = time.process_time() - begun
    return Told(tuple(map(_from_verdict, verdicts)), line, _newest(verdicts), seconds)


def _by_second(posts: Sequence[Post], progress: Progress) -> Told:
    return ask_second(second_look(), posts, progress)


def ask_second(look: SecondLook, posts: Sequence[Post], progress: Progress) -> Told:
    """A second look alone, without rules: what it would say if there were nothing else."""
    look.look([post.text for post in _some(posts, _SLOW.warming)])
    opinions: list[Opinion] = []
    seconds = 0.0
    for part in _parts(len(posts), _SLOW.page):
        page = posts[part]
        begun = time.process_time()
        deep = look.look([post.text for post in page])
        seconds += time.process_time() - begun
        rows = zip(page, softmax(deep.kinds).tolist(), unhappiness(softmax(deep.moods)), strict=True)
        opinions.extend(_from_shares(post.text, kinds, unhappy) for post, kinds, unhappy in rows)
        progress(len(opinions))
    return Told(tuple(opinions), by_both.LINE, look.version, seconds)


def _from_verdict(verdict: Verdict) -> Opinion:
    unhappy = (1 - verdict.mood) / 2 if verdict.unhappy is None else verdict.unhappy
    return Opinion(verdict.kind, verdict.complaint, unhappy, verdict.language, verdict.shares)


def _from_shares(text: str, kinds: list[float], unhappy: float) -> Opinion:
    kind = choose(kinds, by_both.LINE)
    return Opinion(kind, kinds[COMPLAINT], unhappy, find_language(text), tuple(kinds))


def _newest(verdicts: Sequence[Verdict]) -> str:
    """The version of the last look that was asked; where it judged nothing, of the one before."""
    return max(verdicts, key=lambda verdict: verdict.stage).model_version


def _some(posts: Sequence[Post], most: int) -> Sequence[Post]:
    return posts[:: max(1, len(posts) // most)][:most]


def _parts(whole: int, at_once: int) -> Iterator[slice]:
    for begin in range(0, whole, at_once):
        yield slice(begin, begin + at_once)
