"""Looking at live cases again, with a real casebook: edits, deletions, answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.follow import MOST_IDS, QUIET_HOURS, Followed, follow_due, is_due
from monitor.rounds import poll_due
from places.doors import Unavailable
from storage.casebook import Casebook
from storage.reading import Reading
from storage.views import CaseFile
from storage.words import Account, CaseState, Gone, Post
from tests.monitor.shop import CORA, DAN, DAY, HOUR, MINUTE, NOON, ROSE, US, Shelf, post

LATER = NOON + 6 * MINUTE


@pytest.fixture
def shelf(casebook: Casebook) -> Shelf:
    """A source through which Cora's complaint has just become a case."""
    shelf = Shelf()
    casebook.brands.own_account(ROSE.key, Account("x", US.native_id, US.handle, US.name), NOON)
    hear(casebook, shelf, post())
    return shelf


def hear(casebook: Casebook, shelf: Shelf, *posts: Post) -> None:
    shelf.lay(*posts)
    casebook.sources.poll_now(NOON)
    assert poll_due(casebook, {shelf.key: shelf}, {}, {ROSE.key: ROSE}, NOON) == 1


def follow(casebook: Casebook, *shelves: Shelf, now: datetime = LATER) -> int:
    return follow_due(casebook, {shelf.key: shelf for shelf in shelves}, {}, {ROSE.key: ROSE}, now)


def the_case(reading: Reading, case_id: int = 1) -> CaseFile:
    file = reading.case(case_id)
    assert file is not None
    return file


def test_an_edit_is_seen_and_moves_the_turn(casebook: Casebook, reading: Reading, shelf: Shelf) -> None:
    before = the_case(reading).case.turn
    shelf.now["p1"] = post("@rosebakery my cake never arrived. Third time!", edited_at=LATER)
    assert follow(casebook, shelf) == 1
    assert the_case(reading).complaint.post.text.endswith("Third time!")
    assert the_case(reading).case.turn > before


def test_the_edit_that_says_fixed_thanks_ends_a_case_that_nobody_touched(
    casebook: Casebook, reading: Reading, shelf: Shelf
) -> None:
    shelf.now["p1"] = post("@rosebakery EDIT: all sorted, thanks!", edited_at=LATER)
    follow(casebook, shelf)
    assert the_case(reading).case.state is not CaseState.OPEN


def test_a_deleted_post_is_seen_and_its_thread_is_not_asked_for(
    casebook: Casebook, reading: Reading, shelf: Shelf
) -> None:
    shelf.now["p1"] = Gone("p1", "deleted")
    follow(casebook, shelf)
    assert the_case(reading).complaint.deleted_at is not None
    assert shelf.looked == []


def test_the_customers_next_words_join_the_case(casebook: Casebook, reading: Reading, shelf: Shelf) -> None:
    more = post("Hello? Anybody there?", "p2", conversation_id="p1", parent_id="p1", created_at=NOON + MINUTE)
    shelf.threads["p1"] = [post(), more]
    follow(casebook, shelf)
    assert [one.post.native_id for one in the_case(reading).thread] == ["p1", "p2"]
    assert the_case(reading).last.post.native_id == "p2"


def test_strangers_in_the_thread_raise_no_case(casebook: Casebook, reading: Reading, shelf: Shelf) -> None:
    stranger = post("Mine never arrived either!", "p2", author=DAN, conversation_id="p1", parent_id="p1")
    shelf.threads["p1"] = [post(), stranger]
    follow(casebook, shelf)
    assert reading.inbox(LATER).total == 1


def test_our_answer_given_in_the_places_own_app_is_seen(casebook: Casebook, reading: Reading, shelf: Shelf) -> None:
    answer = post("Sorry, Cora!", "p2", author=US, conversation_id="p1", parent_id="p1", created_at=NOON + MINUTE)
    shelf.threads["p1"] = [post(), answer]
    follow(casebook, shelf)
    assert the_case(reading).case.state is CaseState.ANSWERED
    assert [reply.origin for reply in the_case(reading).replies] == ["outside"]


def test_a_case_is_not_looked_at_again_within_minutes(casebook: Casebook, shelf: Shelf) -> None:
    assert follow(casebook, shelf) == 1
    assert follow(casebook, shelf, now=LATER + MINUTE) == 0
    assert follow(casebook, shelf, now=LATER + 6 * MINUTE) == 1


def test_a_closed_case_is_left_alone(casebook: Casebook, shelf: Shelf) -> None:
    casebook.cases.dismiss(1, "A joke among friends.", "person:1", NOON)
    assert follow(casebook, shelf) == 0
    assert shelf.asked == []


def test_posts_are_asked_for_in_hundreds_and_a_thread_once(casebook: Casebook) -> None:
    shelf = Shelf()
    crowd = [
        post(native_id=f"p{number}", author=_guest(number), conversation_id="party", parent_id="p")
        for number in range(MOST_IDS + 20)
    ]
    hear(casebook, shelf, *crowd)
    assert follow(casebook, shelf) == MOST_IDS + 20
    assert [len(ids) for ids in shelf.asked] == [MOST_IDS, 20]
    assert shelf.looked == ["party"]


def _guest(number: int) -> Any:
    return type(CORA)(f"guest-{number}", f"guest{number}")


def test_two_sources_of_one_place_look_once(casebook: Casebook, shelf: Shelf) -> None:
    search = Shelf(key="x:search:rosebakery")
    assert follow(casebook, shelf, search) == 1
    assert search.asked == []


def test_one_place_that_is_down_does_not_stop_another(casebook: Casebook, reading: Reading, shelf: Shelf) -> None:
    reddit = Shelf(key="reddit:rosebakery", place="reddit")
    casebook.sources.ensure(reddit.key, ROSE.key, "reddit", 5 * MINUTE, NOON)
    reddit.lay(post("Rose Bakery sold me stale bread", "r1", place="reddit"))
    poll_due(casebook, {reddit.key: reddit}, {}, {ROSE.key: ROSE}, NOON)
    shelf.before = _down
    reddit.now["r1"] = Gone("r1", "removed")
    assert follow(casebook, shelf, reddit) == 1
    assert the_case(reading, 2).complaint.deleted_at is not None


def _down() -> None:
    raise Unavailable("X is down.")


def test_one_odd_thread_costs_only_itself(casebook: Casebook, reading: Reading, shelf: Shelf) -> None:
    hear(casebook, shelf, post("@rosebakery stale bread", "p9", author=DAN))
    shelf.threads["p1"] = ValueError("a shape nobody foresaw")
    shelf.threads["p9"] = [post("And hard, too.", "p10", author=DAN, conversation_id="p9", created_at=NOON + MINUTE)]
    assert follow(casebook, shelf) == 2
    assert the_case(reading, 2).last.post.native_id == "p10"


def test_no_transaction_is_open_while_the_network_is_asked(casebook: Casebook, shelf: Shelf) -> None:
    shelf.before = casebook.can_write
    assert follow(casebook, shelf) == 1


@pytest.mark.parametrize(("age", "always"), [(HOUR, True), (2 * DAY - HOUR, True), (3 * DAY, False), (12 * DAY, False)])
def test_what_is_quiet_is_looked_at_only_in_its_own_hour(age: timedelta, always: bool) -> None:
    case = Followed(7, [post(created_at=NOON)])
    begin = (NOON + age).replace(minute=0)
    looks = [is_due(case, begin + number * 5 * MINUTE) for number in range(24 * 12)]
    if always:
        assert looks[0]
    else:
        assert 24 // QUIET_HOURS <= sum(looks) <= 4 * 24 // QUIET_HOURS


def test_an_edit_makes_an_old_post_fresh_again() -> None:
    edited = post(created_at=NOON - 9 * DAY, edited_at=NOON)
    assert is_due(Followed(5, [edited]), NOON + HOUR)


def test_a_place_whose_polls_fail_is_not_asked_a_second_way(casebook: Casebook, shelf: Shelf) -> None:
    claimed = casebook.sources.claim(shelf.key, NOON + 5 * MINUTE)
    assert claimed is not None
    casebook.sources.failed(shelf.key, claimed.fence, "The limit is reached.", NOON + HOUR, NOON + 5 * MINUTE)
    assert follow(casebook, shelf) == 0
    assert shelf.asked == []
    casebook.sources.poll_now(NOON + HOUR)
    poll_due(casebook, {shelf.key: shelf}, {}, {ROSE.key: ROSE}, NOON + HOUR)
    assert follow(casebook, shelf, now=NOON + HOUR + MINUTE) == 1


def test_looking_again_backs_off_while_it_fails_and_begins_anew_when_it_works(casebook: Casebook, shelf: Shelf) -> None:
    away = True

    def refuse() -> None:
        if away:
            raise Unavailable("The limit is reached.")

    shelf.before = refuse
    now, asked = LATER, 0
    for _ in range(24 * 12):
        now += 5 * MINUTE
        before = len(shelf.asked)
        follow(casebook, shelf, now=now)
        asked += casebook.sources.all()[0].follow_failures > asked
        assert len(shelf.asked) == before
    assert 5 <= asked <= 20, "ever less often, and never longer than two hours apart"
    away = False
    assert sum(follow(casebook, shelf, now=now + step * 5 * MINUTE) for step in range(1, 26)) >= 1
    assert casebook.sources.all()[0].follow_failures == 0


def test_a_wait_planned_under_another_clock_does_not_hold(casebook: Casebook, shelf: Shelf) -> None:
    casebook.sources.follow_failed(shelf.key, NOON + 300 * DAY)
    assert follow(casebook, shelf) == 1
