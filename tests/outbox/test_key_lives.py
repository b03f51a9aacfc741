"""A key that a platform forgets after a while: within it a repeat is harmless, after it only a person may say "once more"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from places.doors import Repeat, Unavailable, Unsure
from responders.outbox import look_due, post_due
from storage.tables import replies
from storage.words import Posted, Reply, ReplyState
from tests.outbox.shop import HOLD, SETTLE, Shop

LIVES = timedelta(minutes=50)
SECOND = timedelta(seconds=1)


@pytest.fixture
def keyed(shop: Shop) -> Shop:
    """A platform that remembers keys, each for so long."""
    shop.platform.repeat, shop.platform.key_lives = Repeat.KEYED, LIVES
    return shop


def go(shop: Shop, by: timedelta) -> None:
    shop.clock.move(by)
    post_due(shop.outbox)
    look_due(shop.outbox)


def lost(reply: Reply) -> Posted:
    raise Unsure("The answer was lost.")


def test_within_the_keys_life_one_look_is_enough_for_a_repeat(keyed: Shop) -> None:
    reply = keyed.approved(keyed.complaint())
    keyed.platform.outcomes = [lost]
    go(keyed, HOLD)
    go(keyed, LIVES - SECOND)
    go(keyed, timedelta(0))
    assert (keyed.platform.requests, keyed.reply(reply).state) == (2, ReplyState.POSTED)


def test_once_the_key_is_forgotten_nothing_is_repeated_and_a_person_is_asked_after_two_looks(keyed: Shop) -> None:
    case = keyed.complaint()
    reply = keyed.approved(case)
    keyed.platform.outcomes = [lost]
    go(keyed, HOLD)
    go(keyed, LIVES)
    assert (keyed.reply(reply).looks, keyed.parked(case)) == (1, "")
    for _ in range(5):
        go(keyed, SETTLE)
    assert (keyed.platform.requests, keyed.reply(reply).state) == (1, ReplyState.UNCERTAIN)
    assert "looked on X 2 times" in keyed.parked(case)


def test_a_look_that_comes_late_still_finds_what_had_gone_out(keyed: Shop) -> None:
    reply = keyed.approved(keyed.complaint())
    keyed.platform.outcomes = [keyed.platform.put_up_but_fail(Unsure("lost"))]
    go(keyed, HOLD)
    go(keyed, timedelta(days=1))
    assert (keyed.platform.requests, keyed.reply(reply).state) == (1, ReplyState.POSTED)


def late_repeat(shop: Shop, wait: timedelta, tries: list[Reply] | None = None) -> int:
    """The first try got lost, the repeat was put off by the platform's limit, and is due again `wait` after the first."""

    def lost_on_the_way(reply: Reply) -> Posted:
        if tries is not None:
            tries.append(reply)
        return lost(reply)

    reply = shop.approved(shop.complaint())
    shop.platform.outcomes = [lost_on_the_way, Unavailable("Rate limit.", shop.clock() + HOLD + wait)]
    go(shop, HOLD)
    go(shop, SETTLE)
    go(shop, timedelta(0))
    assert (shop.platform.requests, shop.reply(reply).state) == (2, ReplyState.APPROVED)
    return reply


def test_a_repeat_that_had_to_wait_goes_out_while_the_key_lives(keyed: Shop) -> None:
    reply = late_repeat(keyed, LIVES - SECOND)
    keyed.clock.move(LIVES - SECOND - SETTLE)
    post_due(keyed.outbox)
    assert (keyed.platform.requests, keyed.reply(reply).state) == (3, ReplyState.POSTED)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_repeat_that_had_to_wait_too_long_is_looked_for_instead(keyed: Shop, arrived: bool) -> None:
    tries: list[Reply] = []
    reply = late_repeat(keyed, LIVES, tries)
    if arrived:  # the platform carried the first try out after we had looked
        keyed.platform.put_up(tries[0])
    keyed.clock.move(LIVES - SETTLE)
    post_due(keyed.outbox)
    assert (keyed.platform.requests, keyed.reply(reply).state) == (2, ReplyState.UNCERTAIN)
    look_due(keyed.outbox)
    for _ in range(4):
        go(keyed, SETTLE)
    assert keyed.platform.requests == 2
    assert keyed.reply(reply).state is (ReplyState.POSTED if arrived else ReplyState.UNCERTAIN)
    assert bool(keyed.parked(keyed.file(1).case.id)) is not arrived


def test_tries_that_certainly_did_not_arrive_use_up_nothing_of_the_keys_life(keyed: Shop) -> None:
    reply = keyed.approved(keyed.complaint())
    keyed.platform.outcomes = [Unavailable("Down.", keyed.clock() + HOLD + 2 * LIVES), keyed.platform.put_up]
    go(keyed, HOLD)
    with keyed.engine.connect() as connection:
        assert connection.execute(select(replies.c.payload)).scalar_one() is None
    go(keyed, 2 * LIVES)
    assert (keyed.platform.requests, keyed.reply(reply).state) == (2, ReplyState.POSTED)


def test_every_later_try_knows_when_the_first_one_may_have_arrived(keyed: Shop) -> None:
    reply = keyed.approved(keyed.complaint())
    keyed.clock.move(HOLD)
    first = keyed.claimed(reply)
    assert first.first_sent_at is None
    keyed.casebook.replies.unsure(reply, first.fence, "lost", keyed.clock(), keyed.clock())
    for _ in range(3):
        keyed.clock.move(SETTLE)
        if keyed.reply(reply).state is ReplyState.UNCERTAIN:
            keyed.casebook.replies.try_again(reply, first.fence, keyed.clock(), keyed=True)
        later = keyed.claimed(reply)
        assert (later.first_sent_at, later.key) == (first.sent_at, first.key)
        assert keyed.casebook.replies.stranded(keyed.clock() + timedelta(hours=1)) == (later,)
        keyed.casebook.replies.put_back(reply, later.fence, "limit", keyed.clock(), keyed.clock())


def test_a_clock_that_stands_before_the_first_try_tells_nothing_of_the_keys_age(keyed: Shop) -> None:
    reply = keyed.approved(keyed.complaint())
    keyed.platform.outcomes = [lost]
    go(keyed, HOLD)
    row = keyed.casebook.replies.to_look(keyed.clock() + SETTLE)[0][0]
    keyed.casebook.replies.look_later(reply, row.fence, keyed.clock() - timedelta(hours=2), "clock", keyed.clock())
    keyed.clock.move(timedelta(hours=-1))
    look_due(keyed.outbox)
    post_due(keyed.outbox)
    assert (keyed.platform.requests, keyed.reply(reply).state) == (1, ReplyState.UNCERTAIN)
