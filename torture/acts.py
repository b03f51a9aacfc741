"""What is written neither by due work nor by a button: by a start, by commands, and by whoever ticks. Each is one act of the victim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from desk.wiring import House
from desk.work import look_again
from responders.outbox import Outbox, clock_was_set
from storage.words import Kind, Topic, Verdict
from torture.shop import POLL_EVERY
from torture.sites import BRAND, KEY

Clock = Callable[[], datetime]
Act = Callable[[House, Clock], object]

TICKER = "ticker"
HOLDER = "this machine"


def start_up(house: House, clock: Clock) -> None:
    """What every start writes: brands and sources as they stand in the settings, and a write that means nothing."""
    house.casebook.brands.sync([BRAND], clock())
    for source in house.sources.values():
        house.casebook.sources.ensure(source.key, source.brand, source.place, POLL_EVERY, clock())
    house.casebook.can_write()


def hold_lease(house: House, clock: Clock) -> None:
    """Take the ticker's lease, and give it back."""
    house.casebook.leases.hold(TICKER, HOLDER, clock(), timedelta(minutes=1))
    house.casebook.leases.release(TICKER, HOLDER)


def bring_people(house: House, clock: Clock) -> None:
    """A second person, who then becomes an owner too. Done again, it does what is missing."""
    people = house.casebook.people
    ben = people.by_email("ben@rosebakery.example")
    number = ben.id if ben else people.add("ben@rosebakery.example", "Ben", "member", "-", clock())
    people.set_role(number, "owner")


def free_source(house: House, clock: Clock) -> None:
    """A source whose poller died is given free."""
    del clock
    for state in house.casebook.sources.all():
        house.casebook.sources.free({state.key: state.fence})


def look_closer(house: House, clock: Clock) -> None:
    """A second look finds that the first mention is praise."""
    better = Verdict(Kind.PRAISE, 0.9, "en", 0.8, Topic.OTHER, 1, (), stage=2, model_version="second look")
    house.casebook.verdicts.record(1, better, clock())


def forget(house: House, clock: Clock) -> None:
    """Cora asks to be forgotten. Done again, it finds nobody, which is told as MovedOn by the casebook and here as nothing to do."""
    for somebody in house.casebook.forgetting.find(next(iter(house.publishers))[1], "cora", KEY):
        house.casebook.forgetting.forget(somebody.place, somebody.native_id, "command", clock())


def forget_again(house: House, clock: Clock) -> None:
    """Whoever was forgotten is forgotten once more, as after restoring."""
    house.casebook.forgetting.forget_again(house.casebook.forgetting.tombstones(), "command", clock())


def restore(house: House, clock: Clock) -> None:
    """The base is found to be a copy, and is made safe to go on from. Done again, a base that is no copy is left alone."""
    restoring = house.casebook.restoring
    if restoring.waits() is None:
        restoring.mark_copy(clock())
        restoring.settle(restoring.copied_at(), clock())


def clock_set_forward(house: House, clock: Clock) -> None:
    """The clock was set forward by an hour, or the machine slept. Done again for the same hour, it does nothing more."""
    outbox = Outbox(house.casebook, house.places, house.publishers, partial(look_again, house), clock)
    clock_was_set(outbox, timedelta(hours=1))


def clock_set_back(house: House, clock: Clock) -> None:
    """The clock had been two days ahead, and is right again. Done again, it comes to the same."""
    casebook, now = house.casebook, clock()
    casebook.clocks.note(now + timedelta(days=2))
    casebook.clocks.note(now)
    casebook.digests.not_yet(now.astimezone(ZoneInfo(house.settings.digest_zone)).date(), now)


ACTS: Mapping[str, Act] = {
    "act: start up": start_up,
    "act: hold the lease": hold_lease,
    "act: bring people": bring_people,
    "act: free a source": free_source,
    "act: look closer": look_closer,
    "act: forget": forget,
    "act: forget again": forget_again,
    "act: restore": restore,
    "act: clock set forward": clock_set_forward,
    "act: clock set back": clock_set_back,
}
