"""Following: the posts of live cases are looked at again, for edits, deletions, the customer's answers and our own given elsewhere.

Looking costs: X charges $0.005 for a post, once per UTC day however often it is read (its price list of August 2026). So what
is fresh is looked at often, which costs no more than looking once, and what is older than two days only every six hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from monitor.judging import judge_each
from monitor.listening import how_to_listen
from places.doors import Publisher, Source, Unavailable
from storage.casebook import Casebook, Judged
from storage.engine import BaseUnavailable
from storage.views import SourceState
from storage.words import Brand, Gone, Post

EVERY = timedelta(minutes=5)
"""How often a case is taken up to be looked at."""
FRESH = timedelta(days=2)
"""A case whose customer wrote within this time is looked at whenever it is taken up."""
QUIET_HOURS = 6
"""An older case is looked at within one hour out of so many, so that its cases do not all come at once."""
_WINDOW = 3 * EVERY  # of that hour: long enough for a case to be taken up at least once

LONGEST_FOLLOW_WAIT = timedelta(hours=2)
"""However often looking again fails, it is tried at least so often: a deleted complaint must not be answered for long."""

MOST_IDS = 100
"""Posts asked for at once: the most that X's and Reddit's look-ups take."""

log = structlog.get_logger(__name__)


def follow_due(
    casebook: Casebook,
    sources: Mapping[str, Source],
    publishers: Mapping[tuple[str, str], Publisher],  # noqa: ARG001 - called as poll_due is
    brands: Mapping[str, Brand],
    now: datetime,
) -> int:
    """Look again at live cases that are due; give how many were looked at. One place's failure never stops another's.

    Raises only BaseUnavailable, when the casebook itself cannot be used.
    """
    looked = 0
    states = {state.key: state for state in casebook.sources.all()}
    for source in _one_per_place(sources.values()):
        brand, state = brands.get(source.brand), states.get(source.key)
        if brand is None or (state is not None and not may_follow(state, now)):
            continue
        due = casebook.rounds.to_follow(brand.key, source.place, now, EVERY)
        cases = [case for case in _by_case(due) if is_due(case, now)]
        if cases:
            looked += _Look(casebook, source, brand, now, state.follow_failures if state else 0).at(cases)
    return looked


def may_follow(state: SourceState, now: datetime) -> bool:
    """Not while polling itself fails: a place at its limit is not asked a second way. Nor before the end of our own back-off."""
    if state.failures:
        return False
    # Further ahead than a back-off ever is: it was planned under another clock.
    return state.follow_at is None or not now < state.follow_at <= now + LONGEST_FOLLOW_WAIT


@dataclass(slots=True)
class Followed:
    """A live case and the posts of its customer that still stand, complaint first."""

    case_id: int
    posts: list[Post] = field(default_factory=list)


def is_due(case: Followed, now: datetime) -> bool:
    """Whether a case that was taken up should be looked at: always while it is fresh, else in its own hour."""
    newest = max(post.edited_at or post.created_at for post in case.posts)
    if now - newest < FRESH:
        return True
    return now.hour % QUIET_HOURS == case.case_id % QUIET_HOURS and timedelta(minutes=now.minute) < _WINDOW


def _one_per_place(sources: Iterable[Source]) -> Iterator[Source]:
    """Mentions and search of one brand on one place see the same threads; one of them is enough."""
    seen: set[tuple[str, str]] = set()
    for source in sources:
        if (source.brand, source.place) not in seen:
            seen.add((source.brand, source.place))
            yield source


def _by_case(due: Iterable[tuple[int, Post]]) -> list[Followed]:
    cases: dict[int, Followed] = {}
    for case_id, post in due:
        cases.setdefault(case_id, Followed(case_id)).posts.append(post)
    return list(cases.values())


@dataclass(slots=True)
class _Look:
    """One look at one place for one brand."""

    casebook: Casebook
    source: Source
    brand: Brand
    now: datetime
    failures: int = 0

    def at(self, cases: Sequence[Followed]) -> int:
        """Look at the posts, then at the threads; what the place shows is recorded at once, piece by piece."""
        looked = 0
        try:
            gone = self._look_again(cases)
            threads: set[str] = set()
            for case in cases:
                root = case.posts[0]
                if root.native_id not in gone and root.conversation_id not in threads:
                    threads.add(root.conversation_id)
                    self._look_around(case.case_id, root)
                looked += 1
            if self.failures:
                self.casebook.sources.followed(self.source.key)
        except Unavailable as unavailable:
            self._wait(unavailable.retry_at)
            log.warning(
                "live cases could not be looked at", place=self.source.place, brand=self.brand.key, why=unavailable.why
            )
        except BaseUnavailable:
            raise
        except Exception:
            log.exception("looking at live cases failed", place=self.source.place, brand=self.brand.key)
        return looked

    def _wait(self, told: datetime | None) -> None:
        backed_off = self.now + min(EVERY * 2 ** min(self.failures, 10), LONGEST_FOLLOW_WAIT)
        until = min(max(told or backed_off, backed_off), self.now + LONGEST_FOLLOW_WAIT)
        self.casebook.sources.follow_failed(self.source.key, until)

    def _look_again(self, cases: Sequence[Followed]) -> set[str]:
        """Edits and deletions of the customers' posts; gives the ids that are gone."""
        gone: set[str] = set()
        ids = list(dict.fromkeys(post.native_id for case in cases for post in case.posts))
        for begin in range(0, len(ids), MOST_IDS):
            found = self.source.again(ids[begin : begin + MOST_IDS], self.now)
            missing = [one for one in found.values() if isinstance(one, Gone)]
            gone.update(one.native_id for one in missing)
            self._record([one for one in found.values() if isinstance(one, Post)], missing)
        return gone

    def _look_around(self, case_id: int, root: Post) -> None:
        """The thread: what the customer added, and answers of ours given elsewhere. One odd thread costs only itself."""
        try:
            self._record(self.source.thread(root, self.now), ())
        except (Unavailable, BaseUnavailable):
            raise
        except Exception:
            log.exception("a thread could not be read", place=self.source.place, case=case_id)

    def _record(self, posts: Iterable[Post], gone: Sequence[Gone]) -> None:
        news = self.casebook.rounds.news_among(self.brand.key, tuple(posts))
        judged, _ = judge_each(
            news, self.brand, how_to_listen(self.casebook, self.brand.key)
        )  # poison is told in the log; the round that finds it again keeps it
        seen: list[Judged | Gone] = [*gone, *judged]
        if seen:
            self.casebook.rounds.record_again(self.brand.key, seen, self.source.place, self.now)
