"""Polling with a real casebook on real SQLite: one poisoned post costs one post, one failing source stops no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from monitor.judging import judge_each
from monitor.rounds import LONGEST_WAIT, MOST_ROUNDS, SHORTEST_WAIT, find_retry, poll_due
from places.doors import NeedsPerson, Publisher, Source, Unavailable
from storage.casebook import Casebook
from storage.reading import Reading
from storage.views import SourceState
from storage.words import Account, Cause, Poison, Post
from tests.monitor.shop import DAY, HOUR, MINUTE, NOON, ROSE, US, Ourselves, Shelf, post


def poll(
    casebook: Casebook,
    *shelves: Source,
    publishers: Mapping[tuple[str, str], Publisher] | None = None,
    now: datetime = NOON,
    chance: Random | None = None,
) -> int:
    sources = {shelf.key: shelf for shelf in shelves}
    return poll_due(casebook, sources, publishers or {}, {ROSE.key: ROSE}, now, chance=chance or Random(7))


def state(casebook: Casebook, key: str = "x:mentions:rosebakery") -> SourceState:
    [found] = [one for one in casebook.sources.all() if one.key == key]
    return found


def inbox(reading: Reading) -> list[str]:
    return [row.text for row in reading.inbox(NOON).rows]


def quarantine(casebook: Casebook) -> list[Any]:
    with casebook.engine.connect() as connection:
        return list(connection.execute(text("SELECT native_id, why, raw FROM quarantine ORDER BY id")))


def test_a_complaint_becomes_a_case_and_praise_does_not(casebook: Casebook, reading: Reading) -> None:
    shelf = Shelf()
    shelf.lay(post(), post("@rosebakery lovely cakes, thank you", "p2"), cursor="after p2")
    assert poll(casebook, shelf) == 1
    assert inbox(reading) == ["@rosebakery my cake never arrived"]
    assert state(casebook).cursor == "after p2"


def test_the_next_poll_begins_where_the_last_one_ended_and_repeats_are_absorbed(
    casebook: Casebook, reading: Reading
) -> None:
    shelf = Shelf()
    shelf.lay(post(), cursor="c1")
    shelf.lay(post(), cursor="c2")
    poll(casebook, shelf)
    poll(casebook, shelf, now=NOON + 6 * MINUTE)
    assert shelf.cursors == [None, "c1"]
    assert len(inbox(reading)) == 1


def test_what_a_page_shows_again_is_not_judged_again(casebook: Casebook, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def judge_and_tell(posts: Sequence[Post], *rest: Any) -> Any:
        judged.extend(one.text for one in posts)
        return judge_each(posts, *rest)

    monkeypatch.setattr("monitor.rounds.judge_each", judge_and_tell)
    shelf, edited = Shelf(), post("@rosebakery my cake never arrived. And nobody answers!")
    shelf.lay(post(), cursor="c1")
    shelf.lay(post(), cursor="c2")
    shelf.lay(edited, cursor="c3")
    for number in range(3):
        poll(casebook, shelf, now=NOON + number * 6 * MINUTE)
    assert judged == [post().text, edited.text]
    assert len(shelf.cursors) == 3


def test_a_source_that_is_not_due_is_not_polled(casebook: Casebook) -> None:
    shelf = Shelf()
    poll(casebook, shelf)
    assert poll(casebook, shelf, now=NOON + MINUTE) == 0
    assert shelf.cursors == [None]


def test_a_source_taken_out_of_the_settings_is_left_alone(casebook: Casebook) -> None:
    assert poll(casebook) == 0
    assert state(casebook).failures == 0


def test_more_is_read_at_once_and_within_a_bound(casebook: Casebook, reading: Reading) -> None:
    shelf = Shelf()
    for number in range(MOST_ROUNDS + 5):
        shelf.lay(post(native_id=f"p{number}"), cursor=f"c{number}", more=True)
    assert poll(casebook, shelf) == MOST_ROUNDS
    assert state(casebook).cursor == f"c{MOST_ROUNDS - 1}"
    assert poll(casebook, shelf, now=NOON + 3 * MINUTE) == 6, "the rest, and an empty batch that ends it"
    assert reading.counts(NOON).mentions == MOST_ROUNDS + 5


def test_no_transaction_is_open_while_the_network_is_asked(casebook: Casebook) -> None:
    shelf = Shelf()
    shelf.before = casebook.can_write  # waits ten seconds and fails if a write transaction were open
    shelf.lay(post())
    assert poll(casebook, shelf) == 1


def test_one_poisoned_post_costs_one_post(casebook: Casebook, reading: Reading) -> None:
    shelf = Shelf()
    rotten: Any = 17  # a place gave something that is no text
    shelf.lay(
        post(native_id="p1"),
        post(rotten, "p2"),
        post("@rosebakery NUL \0 in the stale bread", "p3"),
        post("@rosebakery half a pair \ud800, stale bread", "p4"),
        post("@rosebakery stale bread", "p5"),
        poison=(Poison("p6", "it has no author", "{}"),),
    )
    with structlog.testing.capture_logs() as logs:
        assert poll(casebook, shelf) == 1
    assert sorted(inbox(reading)) == ["@rosebakery my cake never arrived", "@rosebakery stale bread"]
    assert sorted(row.native_id for row in quarantine(casebook)) == ["p2", "p3", "p4", "p6"]
    assert all(row.why for row in quarantine(casebook))
    assert any(log["event"] == "a post was set aside" and log["post"] == "p2" for log in logs)
    assert state(casebook).last_error is None


def test_one_failing_source_never_stops_another(casebook: Casebook, reading: Reading) -> None:
    first, second = Shelf(), Shelf(key="reddit:rosebakery", place="reddit")
    casebook.sources.ensure(second.key, second.brand, second.place, 5 * MINUTE, NOON + timedelta(seconds=1))
    first.batches.append(ZeroDivisionError("a surprise"))
    second.lay(post(place="reddit", text="Rose Bakery sold me stale bread"))
    assert poll(casebook, first, second, now=NOON + MINUTE) == 1
    assert len(inbox(reading)) == 1
    told = state(casebook).last_error
    assert told is not None
    assert "ZeroDivisionError" in told
    assert "surprise" not in told, "an unforeseen error may quote a post"


def test_a_rate_limit_waits_for_the_time_that_the_place_told(casebook: Casebook) -> None:
    shelf = Shelf()
    shelf.batches.append(Unavailable("X asks us to wait.", NOON + 15 * MINUTE))
    assert poll(casebook, shelf) == 0
    told = state(casebook)
    assert (told.next_at, told.last_error, told.failures) == (NOON + 15 * MINUTE, "X asks us to wait.", 1)
    shelf.lay(post())
    assert poll(casebook, shelf, now=NOON + 14 * MINUTE) == 0
    assert poll(casebook, shelf, now=NOON + 15 * MINUTE) == 1
    assert (state(casebook).last_error, state(casebook).failures) == (None, 0)


def test_what_was_read_before_the_failure_stays(casebook: Casebook, reading: Reading) -> None:
    shelf = Shelf()
    shelf.lay(post(), cursor="c1", more=True)
    shelf.batches.append(Unavailable("X is down."))
    assert poll(casebook, shelf) == 1
    assert len(inbox(reading)) == 1
    assert (state(casebook).cursor, state(casebook).last_error) == ("c1", "X is down.")


def test_a_place_that_stays_down_is_asked_ever_less_often(casebook: Casebook) -> None:
    shelf, now, asked, chance = Shelf(), NOON, 0, Random(7)
    while now < NOON + DAY:
        shelf.batches.append(NeedsPerson("The key is wrong."))
        poll(casebook, shelf, now=now, chance=chance)
        asked += 1
        now = state(casebook).next_at
    assert asked <= 60
    assert asked >= 15


def test_back_off_is_jitter_under_a_ceiling_and_never_a_hail_of_requests() -> None:
    waits = [find_retry(None, 20, NOON, Random(seed)) - NOON for seed in range(300)]
    assert min(waits) >= LONGEST_WAIT / 2
    assert max(waits) <= LONGEST_WAIT
    assert max(waits) - min(waits) > LONGEST_WAIT * 0.4, "spread, so that many sources do not come at once"
    assert find_retry(None, 0, NOON, Random(1)) >= NOON + SHORTEST_WAIT
    assert find_retry(None, 0, NOON, Random(1)) <= NOON + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("told", "expected"),
    [(NOON - HOUR, NOON + SHORTEST_WAIT), (NOON + HOUR, NOON + HOUR), (NOON + 400 * DAY, NOON + DAY)],
)
def test_a_time_that_a_place_tells_is_taken_within_reason(told: datetime, expected: datetime) -> None:
    assert find_retry(told, 0, NOON, Random(1)) == expected


def test_a_place_that_refuses_each_time_is_not_taken_at_its_word_for_ever() -> None:
    quarter = timedelta(minutes=15)
    waits = [find_retry(NOON + quarter, 20, NOON, Random(seed)) - NOON for seed in range(300)]
    assert min(waits) >= quarter, "never before the time it told"
    assert find_retry(NOON + DAY / 2, 20, NOON, Random(1)) == NOON + DAY / 2
    assert sum(waits, timedelta(0)) / len(waits) > 2 * quarter


def test_the_cause_of_a_failure_is_kept_with_it(casebook: Casebook) -> None:
    shelf, now = Shelf(), NOON
    for error, cause in (
        (NeedsPerson("The key is wrong.", NOON + HOUR), Cause.KEY),
        (Unavailable("The limit is reached.", NOON + HOUR), Cause.LIMIT),
        (Unavailable("No answer."), Cause.DOWN),
        (ZeroDivisionError(), Cause.OURS),
    ):
        shelf.batches.append(error)
        poll(casebook, shelf, now=now)
        assert state(casebook).cause is cause
        now = state(casebook).next_at
    poll(casebook, shelf, now=now)
    assert state(casebook).cause is None


def test_our_own_account_is_known_before_the_first_poll(casebook: Casebook, reading: Reading) -> None:
    shelf, ourselves = Shelf(), Ourselves()
    shelf.before = lambda: _assert_known(casebook)
    shelf.lay(post("We had stale bread today, our fault. @cora", author=US))
    poll(casebook, shelf, publishers={("rosebakery", "x"): ourselves})
    poll(casebook, shelf, publishers={("rosebakery", "x"): ourselves}, now=NOON + HOUR)
    assert ourselves.asked == 1
    assert inbox(reading) == []


def _assert_known(casebook: Casebook) -> None:
    assert casebook.brands.own_accounts("rosebakery") == (Account("x", US.native_id, US.handle, US.name),)


def test_without_knowing_ourselves_nothing_is_polled_and_the_reason_is_told(casebook: Casebook) -> None:
    shelf, ourselves = Shelf(), Ourselves(NeedsPerson("The access token was revoked; make a new one."))
    shelf.lay(post())
    assert poll(casebook, shelf, publishers={("rosebakery", "x"): ourselves}) == 0
    assert shelf.cursors == []
    assert state(casebook).last_error == "The access token was revoked; make a new one."


def test_a_poll_that_was_overtaken_is_dropped(casebook: Casebook, reading: Reading) -> None:
    shelf = Shelf()
    shelf.lay(post())

    def overtake() -> None:
        shelf.before = lambda: None
        later = casebook.sources.claim(shelf.key, NOON + HOUR)
        assert later is not None

    shelf.before = overtake
    assert poll(casebook, shelf) == 0
    assert inbox(reading) == []
    assert state(casebook).cursor is None


def test_the_log_tells_numbers_and_never_what_people_wrote(casebook: Casebook) -> None:
    shelf = Shelf()
    shelf.lay(post("@rosebakery my SECRET cake never arrived"))
    with structlog.testing.capture_logs() as logs:
        poll(casebook, shelf)
    assert [log["raised"] for log in logs if log["event"] == "a round was read"] == [1]
    assert "SECRET" not in repr(logs)
