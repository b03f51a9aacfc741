"""What `make bench` measures: works that need nothing from outside, so that only our own work counts."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import structlog
from sqlalchemy import event

from monitor.rounds import poll_due
from places.doors import Source
from storage.casebook import Casebook, Judged
from storage.engine import open_engine
from storage.words import (
    Audience,
    Author,
    Batch,
    Brand,
    Draft,
    Gone,
    Kind,
    Post,
    Posted,
    Purpose,
    Reach,
    ReachHow,
    Topic,
    Verdict,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BRAND = Brand("rosebakery", "Rose Bakery", names=("Rose Bakery",), handles={"x": "rosebakery"})
TEXT = (
    "We are sorry that your cake was stale, Cora. That was our fault. Please write to us so that we can put it right."
)
COMPLAINT = Verdict(Kind.COMPLAINT, 0.9, "en", -0.6, Topic.PRODUCT, 2, (), model_version="bench")
PAGE = 10
"""Posts a poll brings: all known already in a quiet one, all new in a busy one, one in five of those a complaint."""
STEP = timedelta(minutes=2)


@dataclass(slots=True)
class Shelf:
    """A source in this very process: it has everything at hand, so that only our own work is measured."""

    key: str
    fresh: bool
    place: str = "x"
    brand: str = BRAND.key

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """A page of ten."""
        first = int(cursor or 0) if self.fresh else 0
        page = tuple(_post(f"{self.key}-{first + n}", "The bread was burnt!" if n % 5 == 0 else "On my way.", now) for n in range(PAGE))  # fmt: skip
        return Batch(page, str(first + PAGE))

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:  # noqa: ARG002
        """Nobody answered."""
        return ()

    def again(self, ids: Sequence[str], now: datetime) -> dict[str, Post | Gone]:  # noqa: ARG002
        """Nothing changed."""
        return {}


def _post(native_id: str, said: str, at: datetime) -> Post:
    return Post("x", native_id, Author(f"by-{native_id}", "cora"), said, at, native_id)


def publish(casebook: Casebook, name: str, times: int) -> Iterator[Callable[[], None]]:
    """Approve, claim, posted: three commits for each reply. Cases and proposals are made beforehand."""
    heard = [Judged(_post(f"{name}-{n}", "Stale!", NOON), COMPLAINT) for n in range(times)]
    raised = casebook.rounds.record_import(BRAND.key, heard, NOON).raised
    reach, draft = Reach(ReachHow.API, "asked"), Draft(TEXT, "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    proposals = [casebook.proposals.store(case_id, 1, [draft], reach, NOON)[0] for case_id in raised]

    def one(proposal: int) -> None:
        reply = casebook.replies.approve(proposal, 1, "command", NOON, hold=timedelta(0))
        claimed = casebook.replies.claim(reply, NOON)
        assert claimed is not None
        casebook.replies.posted(reply, claimed.fence, Posted(f"r-{claimed.key}", None, NOON), NOON)

    return iter([lambda proposal=proposal: one(proposal) for proposal in proposals])


def poll(casebook: Casebook, name: str, times: int, *, fresh: bool) -> Iterator[Callable[[], None]]:
    """Due, claimed, read, judged, recorded."""
    source: Source = Shelf(f"x:{name}", fresh)
    casebook.sources.ensure(source.key, BRAND.key, "x", STEP, NOON)

    def one(number: int) -> None:
        polled = poll_due(casebook, {source.key: source}, {}, {BRAND.key: BRAND}, NOON + number * STEP)
        assert polled == 1

    one(0)  # loads what the filter needs
    return iter([lambda number=number: one(number) for number in range(1, times + 1)])


WORKS: dict[str, Callable[[Casebook, str, int], Iterator[Callable[[], None]]]] = {
    "replies": publish,
    "polls that bring nothing new": lambda *given: poll(*given, fresh=False),
    "polls with 10 new posts": lambda *given: poll(*given, fresh=True),
}


def work(url: str, what: str, times: int, number: int, start: Barrier, told: Any) -> None:
    """One process: make ready, wait for the others, do it; tell how long each took, and how many commits all took."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    engine = open_engine(url)
    acts = WORKS[what](Casebook(engine, b"bench"), f"{list(WORKS).index(what)}.{number}", times)
    commits = itertools.count()
    event.listen(engine, "commit", lambda connection: next(commits))  # noqa: ARG005
    start.wait()
    took = []
    for act in acts:
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    start.wait()
    told.put((took, next(commits)))
    engine.dispose()
