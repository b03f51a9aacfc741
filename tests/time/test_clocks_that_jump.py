"""Our clock jumps back and forth, by seconds to weeks, in the middle of holds, claims, back-offs, put-offs, looks, removals, polls, digests.

Judged by the site, which goes by the true time: nothing is posted or taken down before its hold has truly run, nothing twice, and nothing
comes to rest: soon after the clock is right again everything is done, and sources are read all the while.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest

from storage.casebook.clocks import APART, LONGEST_WAIT
from storage.words import ReplyState
from tests.clock import NOON
from tests.model.bases import Bases
from tests.time.street import HOLD, POLL_EVERY, Street

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SLOW = 5 * MINUTE
LENGTHS = (50 * SECOND, 20 * MINUTE, DAY, 21 * DAY)
JUMPS = [(way * length, False) for length in LENGTHS for way in (1, -1)] + [(-length, True) for length in LENGTHS]
"""Also set back while the service was off. Set forward while it was off, a clock tells the same as time that passed."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bases]:
    """Ana's shop with one source, made once."""
    made = Bases(f"sqlite:///{tmp_path_factory.mktemp('street')}/amends.sqlite")
    yield made
    made.close()


@pytest.fixture
def street(bases: Bases) -> Street:
    """A shop of its own for each test."""
    base = bases.fresh()
    return Street(base.books[0], base.reading)


def in_the_middle(street: Street) -> dict[str, int]:
    """A reply in the middle of each thing that takes time; the clock is about to jump."""
    replies = {
        "up": street.approved("up"),
        "limited": street.approved("limited", "limited"),
        "unsure, up": street.approved("unsure, up", "done, lost"),
        "unsure, lost": street.approved("unsure, lost", "lost"),
        "away": street.approved("away"),
        "dead": street.approved("dead"),
    }
    street.away["away"] = 2
    street.passes(HOLD - 30 * SECOND, 30 * SECOND)
    street.site.true += 30 * SECOND
    claimed = street.casebook.replies.claim(replies["dead"], street.clock())
    assert claimed is not None
    street.site.take(claimed)  # it went up, and the process died before it heard
    street.tick()
    street.casebook.removals.approve(replies["up"], "", "person:1", street.clock(), hold=HOLD)
    replies["held"] = street.approved("held")
    street.passes(20 * SECOND, 10 * SECOND)
    return replies


@pytest.mark.parametrize(("jump", "off"), JUMPS, ids=str)
def test_nothing_is_early_nothing_is_doubled_and_nothing_comes_to_rest(
    street: Street, jump: timedelta, off: bool
) -> None:
    replies = in_the_middle(street)
    street.jumps(jump, off=off)
    street.passes(2 * MINUTE, 10 * SECOND)
    street.passes(28 * MINUTE, 2 * MINUTE)
    street.jumps(-jump)
    street.passes(2 * MINUTE, 10 * SECOND)
    street.passes(LONGEST_WAIT + 15 * MINUTE, SLOW)
    site = street.site
    assert site.went_up == dict.fromkeys(replies, 1)
    assert site.asked["held"][0] >= street.yes + HOLD
    assert site.came_down["up"] >= street.yes + HOLD
    for name, number in replies.items():
        (reply,) = (one for one in street.file_of(name).replies if one.id == number)
        assert reply.state is (ReplyState.REMOVED if name == "up" else ReplyState.POSTED), name
    gaps = [later - earlier for earlier, later in itertools.pairwise(street.polls)]
    assert max(gaps) <= POLL_EVERY + SLOW + min(abs(jump), APART)
    assert street.mails.count(NOON.date()) == 1


@pytest.mark.parametrize("jump", [7 * SECOND, 50 * SECOND, 20 * MINUTE, 21 * DAY])
def test_a_yes_given_while_the_clock_is_wrong_is_held_as_long(street: Street, jump: timedelta) -> None:
    for way, name in ((1, "Cora"), (-1, "Dan")):
        street.complaint(name)
        street.jumps(way * jump)
        street.tick()
        street.approved(name)
        street.passes(20 * SECOND, 10 * SECOND)
        street.jumps(-way * jump)
        street.passes(3 * MINUTE + min(jump, APART), 10 * SECOND)
        assert street.site.went_up[name] == 1
        assert street.site.asked[name][0] >= street.yes + HOLD


def test_a_clock_that_never_comes_to_rest_posts_everything_once_and_in_the_end(street: Street) -> None:
    replies = in_the_middle(street)
    for number, jump in enumerate(itertools.chain.from_iterable((length, -2 * length, length) for length in LENGTHS)):
        street.jumps(jump, off=number % 5 == 4 and jump < timedelta(0))
        street.passes(MINUTE, 10 * SECOND)
    assert street.skew == timedelta(0)
    street.passes(LONGEST_WAIT + 15 * MINUTE, SLOW)
    assert street.site.went_up == dict.fromkeys(replies, 1)
    assert street.site.asked["held"][0] >= street.yes + HOLD
    assert NOON.date() in street.mails, "rather twice than not at all"


def test_two_services_on_one_machine_see_the_same_jump_and_no_hold_is_cut_short(street: Street) -> None:
    street.approved("held")
    other = Street(street.casebook, street.reading, street.site)
    for one in (street, other):
        one.tick()
    for jump in (20 * SECOND, -20 * SECOND, HOUR, -HOUR):
        for one in (street, other):
            one.jumps(jump)
        for _ in range(2):
            street.site.true += 5 * SECOND
            street.tick()
            other.tick()
    street.passes(3 * MINUTE, 10 * SECOND)
    assert street.site.went_up == {"held": 1}
    assert street.site.asked["held"][0] >= street.yes + HOLD


@pytest.mark.parametrize("first", [-50 * SECOND, -5 * MINUTE, 50 * SECOND])
@pytest.mark.parametrize("second", [40 * SECOND, 2 * HOUR, 21 * DAY])
def test_one_jump_after_the_other_within_one_hold(street: Street, first: timedelta, second: timedelta) -> None:
    street.approved("held")
    for jump in (first, second):
        street.passes(10 * SECOND, 5 * SECOND)
        street.jumps(jump)
    street.passes(2 * MINUTE, 10 * SECOND)
    street.jumps(-second - first)
    street.passes(APART + 2 * MINUTE, MINUTE)
    assert street.site.went_up == {"held": 1}
    assert street.site.asked["held"][0] >= street.yes + HOLD
