"""Days of 429, and outages longer than a page: the real client against the town's X, with a clock of our own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from monitor.follow import follow_due
from monitor.rounds import poll_due
from places.doors import Opened
from responders.outbox import Outbox, post_due
from sandbox.faults import Answer, Done, Fault
from sandbox.x.limits import LIMITS
from storage.casebook import Casebook, DueReply
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.reading import Reading
from storage.words import Account, Audience, Cause, Draft, Purpose, Reach, ReachHow
from tests.places.conftest import XTown

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERY = 2 * MINUTE
SHORTLY = timedelta(seconds=2)


class Listening:
    """Amends listening to the town's X by the town's clock: polls, follows, posts."""

    def __init__(self, town: XTown, folder: Path, opened: Opened) -> None:
        url = f"sqlite:///{folder}/amends.sqlite"
        upgrade(url)
        self.town, self.opened, self.chance = town, opened, Random(7)
        self.casebook, self.reading = Casebook(open_engine(url), b"key"), Reading(open_engine(url))
        self.sources = {source.key: source for source in opened.sources}
        self.casebook.brands.sync([town.brand], self.now())
        self.casebook.brands.own_account("rosebakery", Account("x", town.us.id, "rosebakery"), self.now())
        for key in self.sources:
            self.casebook.sources.ensure(key, "rosebakery", "x", EVERY, self.now())

    def now(self) -> datetime:
        return self.town.clock()

    def tick(self) -> None:
        brands = {"rosebakery": self.town.brand}
        poll_due(self.casebook, self.sources, {}, brands, self.now(), chance=self.chance)
        follow_due(self.casebook, self.sources, {}, brands, self.now())
        assert self.opened.publisher is not None
        outbox = Outbox(
            self.casebook,
            {"x": self.opened.place},
            {("rosebakery", "x"): self.opened.publisher},
            self._look_again,
            self.now,
        )
        post_due(outbox)

    def _look_again(self, due: DueReply, now: datetime) -> None:
        self.opened.sources[0].again([due.parent.native_id], now)

    def wait(self, length: timedelta) -> None:
        end = self.now() + length
        while self.now() < end:
            self.tick()
            self.town.clock.ahead += max(min(self._next() - self.now(), end - self.now()), SHORTLY)

    def _next(self) -> datetime:
        """When the casebook has something due again, or following is taken up once more. Nothing happens before."""
        with self.casebook.engine.connect() as connection:
            (due,) = connection.execute(text("SELECT min(due_at) FROM replies WHERE state = 'approved'")).one()
        dues = [datetime.fromisoformat(due).replace(tzinfo=UTC)] if due else []
        states = self.casebook.sources.all()
        soon = self.now() + 6 * MINUTE
        follows = [max(state.follow_at or soon, soon) for state in states if not state.failures]  # see may_follow
        return min([*dues, *follows, *(state.next_at for state in states)])

    def close(self) -> None:
        self.casebook.engine.dispose()
        self.reading.engine.dispose()


@pytest.mark.parametrize("told", [True, False], ids=["with its reset time", "without"])
def test_five_days_of_429_make_at_most_60_requests_a_day_and_source(town: XTown, tmp_path: Path, told: bool) -> None:
    amends = Listening(town, tmp_path, town.open(search=False))
    complaint = town.world.publish("x", town.cora.id, "@rosebakery my cake never arrived!")
    amends.tick()
    (row,) = amends.reading.inbox(amends.now()).rows
    draft = Draft("We are sorry, Cora.", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    proposal = amends.casebook.proposals.store(row.case_id, 1, [draft], Reach(ReachHow.API, "."), amends.now())[0]
    amends.casebook.replies.approve(proposal, 1, "command", amends.now(), hold=MINUTE)
    if told:
        town.options.limits |= dict.fromkeys(LIMITS, 0)
    else:
        town.options.faults.add(Fault("", "", Done.NEVER, Answer(429), times=None))
    town.clock.ahead += MINUTE
    before = len(town.world.calls("x"))
    amends.wait(5 * DAY)
    days = Counter((call.at - town.world.calls("x")[before].at) // DAY for call in town.world.calls("x")[before:])
    assert max(days.values()) <= 60, days
    assert min(days.values()) >= 15, "it goes on trying"
    (late,) = amends.reading.late_replies(amends.now())
    assert late.number == 1
    town.options.limits.clear()
    town.options.faults.clear()
    amends.wait(3 * HOUR)
    (answer,) = town.world.posts("x", author_id=town.us.id)
    assert (answer.text, answer.parent_id) == ("We are sorry, Cora.", complaint.id)
    amends.close()


def test_an_outage_longer_than_a_page_is_read_in_full(town: XTown, tmp_path: Path) -> None:
    amends = Listening(town, tmp_path, town.open(search=False))
    amends.tick()
    start = amends.now()
    for n in range(450):
        town.world.publish(
            "x", town.cora.id, f"@rosebakery lovely rolls again, thank you ({n})", at=start + (n + 1) * 9 * MINUTE
        )
    town.clock.ahead += 3 * DAY
    amends.tick()
    (window,) = [one for one in amends.reading.blind_windows(start) if one.began_at >= start - MINUTE]
    assert (window.cause, window.gap) == (Cause.OFF, False)
    assert window.caught_up_at is not None
    assert amends.reading.counts(now=amends.now()).mentions == 450
    amends.close()


def test_an_outage_longer_than_x_shows_is_shown_as_a_gap(town: XTown, tmp_path: Path) -> None:
    amends = Listening(town, tmp_path, town.open(search=False))
    town.world.publish("x", town.cora.id, "@rosebakery the first")
    amends.tick()
    start = amends.now()
    for n in range(900):
        town.world.publish(
            "x", town.cora.id, f"@rosebakery lovely rolls again, thank you ({n})", at=start + (n + 1) * 4 * MINUTE
        )
    town.clock.ahead += 3 * DAY
    amends.tick()
    (window, *_) = amends.reading.blind_windows(start)
    assert window.gap
    assert amends.reading.counts(now=amends.now()).mentions == 801
    amends.close()


def test_a_search_that_was_blind_for_more_than_its_week_says_so(town: XTown, tmp_path: Path) -> None:
    amends = Listening(town, tmp_path, town.open())
    town.world.publish("x", town.cora.id, "Rose Bakery is closed again")
    amends.tick()
    town.clock.ahead += 6 * DAY
    amends.tick()
    assert [one.gap for one in amends.reading.blind_windows(amends.now() - DAY)] == [False, False]
    town.clock.ahead += 8 * DAY
    amends.tick()
    gaps = {one.source_key: one.gap for one in amends.reading.blind_windows(amends.now() - DAY)}
    assert gaps == {"x:search:rosebakery": True, "x:mentions:rosebakery": False}
    amends.close()
