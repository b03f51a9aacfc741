"""How well do we listen? What was raised, what people said of it, and what may have been missed, as far as anybody can know.

What was raised and decided is counted; what was never raised can only be estimated, from how likely each of it is a complaint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitor.filter.learned import Learned
from monitor.learning.teaching import score_both
from storage.views import JudgedMention

MONTH = timedelta(days=30)
MOST_BORDERLINE = 5
_DOUBT = 0.25  # how far from the line a mention may lie to be worth asking about
_SETTINGS = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0)  # complaints a day to choose from


@dataclass(frozen=True, slots=True)
class Setting:
    """One place of the slider: so many are raised a day, of which so many are real, and so many of a month's are missed (all expected)."""

    per_day: float
    line: float
    raised: float
    real: float
    missed: float


@dataclass(frozen=True, slots=True)
class Week:
    """What was raised in one week, beginning on `begins`: how many, and how many of the decided were real and were not."""

    begins: datetime
    raised: int
    real: int
    not_real: int


@dataclass(frozen=True, slots=True)
class Account:
    """`raised`, `real`, `not_real` are counted over the last month, `told_missed` complaints that people found themselves; `missed` is
    estimated. `recall` and `precision` are None where nothing tells. `borderline` mentions are worth a word from the owner."""

    mentions: int
    raised: int
    real: int
    not_real: int
    told_missed: int
    missed: float
    precision: float | None
    recall: float | None
    line: float
    now: Setting
    settings: tuple[Setting, ...]
    weeks: tuple[Week, ...]
    borderline: tuple[JudgedMention, ...]


def take_account(heard: Sequence[JudgedMention], learned: Learned, line: float, now: datetime) -> Account:
    """The account of a brand from the mentions of its last month or two, newest first; `line` is the one in effect."""
    month = [one for one in heard if now - one.found_at <= MONTH]
    up = [one for one in month if one.case_id is not None]  # rules raise too, and have no shares
    real = sum(one.told is True for one in up)
    not_real = sum(one.told is False for one in up)
    lately = [one for one in month if one.first]
    scores = score_both(lately, learned)
    raised = np.array([one.case_id is not None for one in lately], bool)
    missed = _missed(lately, scores, raised)
    decided = real + not_real
    expected_real = _real(lately, scores, raised)
    return Account(
        mentions=len(month),
        raised=len(up),
        real=real,
        not_real=not_real,
        told_missed=sum(one.told is True and one.case_id is None for one in month),
        missed=missed,
        precision=real / decided if decided else None,
        recall=expected_real / (expected_real + missed) if expected_real + missed > 0 else None,
        line=line,
        now=_setting(scores, line, lately, now),
        settings=_settings(scores, lately, now),
        weeks=_weeks(heard, now),
        borderline=_borderline(lately, scores, line),
    )


def _missed(lately: Sequence[JudgedMention], scores: NDArray[np.float64], raised: NDArray[np.bool_]) -> float:
    """Complaints that raised no case: as likely as each is, less those that a person has looked at."""
    return float(
        sum(score for score, one, up in zip(scores, lately, raised, strict=True) if not up and one.told is None)
    )


def _real(lately: Sequence[JudgedMention], scores: NDArray[np.float64], raised: NDArray[np.bool_]) -> float:
    """Raised complaints: as people said, as likely as each is where nobody has said."""
    told = (
        (score if one.told is None else float(one.told))
        for score, one, up in zip(scores, lately, raised, strict=True)
        if up
    )
    return float(sum(told))


def _settings(scores: NDArray[np.float64], lately: Sequence[JudgedMention], now: datetime) -> tuple[Setting, ...]:
    days = _days(lately, now)
    falling = np.sort(scores)[::-1]
    found = []
    for per_day in _SETTINGS:
        wanted = round(per_day * days)
        if 0 < wanted < len(falling):
            found.append(_setting(scores, float((falling[wanted - 1] + falling[wanted]) / 2), lately, now, per_day))
    return tuple(found)


def _setting(
    scores: NDArray[np.float64],
    line: float,
    lately: Sequence[JudgedMention],
    now: datetime,
    per_day: float | None = None,
) -> Setting:
    days = _days(lately, now)
    up = scores >= line
    raised = float(up.sum()) / days
    month = MONTH / timedelta(days=1) / days
    return Setting(
        raised if per_day is None else per_day,
        line,
        raised,
        float(scores[up].sum()) / days,
        float(scores[~up].sum()) * month,
    )


def _days(lately: Sequence[JudgedMention], now: datetime) -> float:
    oldest = min((one.found_at for one in lately), default=now)
    return max((now - oldest) / timedelta(days=1), 1.0)


def _weeks(heard: Sequence[JudgedMention], now: datetime) -> tuple[Week, ...]:
    """The last eight weeks, oldest first."""
    found = []
    for back in range(8, 0, -1):
        begins = now - timedelta(weeks=back)
        inside = [one for one in heard if begins < one.found_at <= begins + timedelta(weeks=1)]
        up = [one for one in inside if one.case_id is not None]
        found.append(Week(begins, len(up), sum(one.told is True for one in up), sum(one.told is False for one in up)))
    return tuple(found)


def _borderline(lately: Sequence[JudgedMention], scores: NDArray[np.float64], line: float) -> tuple[JudgedMention, ...]:
    """The mentions nearest to the line of which nobody has said anything: labelling these teaches most."""
    open_ = [(abs(float(score) - line), at) for at, score in enumerate(scores) if lately[at].told is None]
    nearest = sorted(one for one in open_ if one[0] <= _DOUBT)[:MOST_BORDERLINE]
    return tuple(lately[at] for _, at in nearest)
