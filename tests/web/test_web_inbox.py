"""The inbox: who waits, worst first, what else needs a person, and the one click from the list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from desk.web.app import create_app
from storage.words import Author, CaseState, Poison, Post, ReplyState
from tests.web.small_house import House
from tests.web.visitors import Browser, filled, tags, words


def shown(browser: Browser, path: str = "/") -> list[int]:
    return [int(one.get("data-case") or 0) for one in tags(browser.look(path), "article") if one.get("data-case")]


def test_nobody_waits_and_the_page_says_so_kindly(ana: Browser) -> None:
    page = words(ana.look("/"))
    assert "All quiet" in page
    assert "Nobody is waiting for you" in page


def test_what_is_amiss_with_the_service_stands_above_every_page(house: House, ana: Browser) -> None:
    house.amiss = ("The clock was set back by 60 minutes. Nothing is posted twice.",)
    for path in ("/", "/cases", "/sources", "/paste"):
        assert "The clock was set back by 60 minutes." in words(ana.look(path))
    house.amiss = ()
    assert "clock" not in words(ana.look("/"))


def test_what_could_not_be_read_is_told_on_the_sites_page(house: House, ana: Browser) -> None:
    assert "could not read" not in words(ana.look("/sources"))
    poison = Poison("77", "no author", '{"id": "77", "text": "<script>alert(1)</script>"}')
    house.casebook.rounds.record_import("rosebakery", [], house.clock(), poison=[poison])
    page = words(ana.look("/sources"))
    assert "1 post that we could not read" in page
    assert "no author" in page
    assert "<script>alert(1)</script>" in page


def test_the_gravest_case_comes_first_and_then_who_waits_longest(house: House, ana: Browser) -> None:
    calm = house.complain(handle="dan", urgency=1, ago=timedelta(hours=20))
    late = house.complain(handle="cora", urgency=3, ago=timedelta(hours=1))
    later = house.complain(handle="emma", urgency=3, ago=timedelta(hours=9))
    assert shown(ana) == [later, late, calm]


def test_a_row_says_who_where_how_long_and_how_urgent(house: House, ana: Browser) -> None:
    house.complain("@rosebakery Market Street was filthy today", urgency=4)
    page = words(ana.look("/"))
    for part in ("Cora Lane", "@cora", "X · Market Street", "waiting 3 h", "Now", "Market Street was filthy today"):
        assert part in page


def test_one_click_in_the_list_approves_exactly_the_text_that_is_shown(house: House, ana: Browser) -> None:
    case_id = house.complain()
    page = ana.look("/")
    full = next(one.text or "" for one in tags(page, "div") if one.get("class") == "full")
    button = next("".join(one.itertext()) for one in tags(page, "button") if "primary" in (one.get("class") or ""))
    assert button == "Post publicly as @rosebakery on X"
    answer = ana.press("/", f"/cases/{case_id}/approve")
    file = house.reading.case(case_id)
    assert answer.url.path == "/"
    assert "Approved" in answer.text
    assert file is not None
    assert [one.state for one in file.replies] == [ReplyState.APPROVED]
    assert file.replies[0].text == full
    assert full.endswith("Ana, Rose Bakery")


def test_the_text_is_signed_by_whoever_looks(house: House, ben: Browser) -> None:
    house.complain()
    assert "– Ben, Rose Bakery" in words(ben.look("/"))


def test_an_approved_reply_can_be_undone_from_the_list(house: House, ana: Browser) -> None:
    case_id = house.complain()
    ana.press("/", f"/cases/{case_id}/approve")
    assert "Going out soon" in words(ana.look("/"))
    answer = ana.press("/", f"/cases/{case_id}/undo")
    file = house.reading.case(case_id)
    assert "Undone" in answer.text
    assert file is not None
    assert [one.state for one in file.replies] == [ReplyState.WITHDRAWN]


def test_sections_stand_only_where_there_is_something_in_them(house: House, ana: Browser) -> None:
    house.complain()
    page = words(ana.look("/"))
    for title in ("You post these", "These need a look from you", "Going out soon", "Ready to close"):
        assert title not in page


def test_what_x_takes_only_from_its_own_page_is_listed_to_be_posted_by_hand(house: House, ana: Browser) -> None:
    case_id = house.complain(summoned=False)
    assert "Copy the reply and open X" in words(ana.look("/"))
    answer = ana.press("/", f"/cases/{case_id}/approve")
    assert answer.url.path == f"/cases/{case_id}"
    assert "You post these" in words(ana.look("/"))


def test_a_reply_that_the_customer_overtook_is_told_at_the_top(house: House, ana: Browser) -> None:
    case_id = house.complain()
    ana.press("/", f"/cases/{case_id}/approve")
    house.write_again(case_id)
    page = words(ana.look("/"))
    assert "These need a look from you" in page
    assert "Your reply was not posted" in page
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/read")
    assert "These need a look from you" not in words(ana.look("/"))


def test_a_long_list_comes_in_pages_and_none_is_lost(house: House, ana: Browser) -> None:
    all_of_them = {house.complain(handle=f"c{number}", propose=False) for number in range(65)}
    first, second, third = (shown(ana, f"/?after={after}") for after in (0, 30, 60))
    assert [len(first), len(second), len(third)] == [30, 30, 5]
    assert {*first, *second, *third} == all_of_them
    assert "65 people wait for an answer" in words(ana.look("/"))


def test_with_two_brands_one_can_be_looked_at_alone(build_house: Callable[..., House]) -> None:
    house = build_house(two_brands=True)
    ana = Browser(create_app(house, house.clock))
    ana.come_in(house, "ana@rosebakery.example")
    cake, parcel = house.complain(), house.complain(brand="swiftcourier", handle="ilinca")
    assert set(shown(ana)) == {cake, parcel}
    assert shown(ana, "/?brand=swiftcourier") == [parcel]
    assert ana.get("/?brand=nobody").status_code == 404


def test_a_snoozed_case_leaves_the_list_and_comes_back(house: House, ana: Browser) -> None:
    case_id = house.complain()
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/snooze", hours=3)
    assert shown(ana) == []
    assert "1 case is out of sight for now" in words(ana.look("/"))
    house.clock.move(timedelta(hours=4))
    assert shown(ana) == [case_id]


def test_older_complaints_are_asked_about_in_one_line_and_no_means_no(house: House, ana: Browser) -> None:
    for number in range(3):
        then = house.clock() - timedelta(days=9)
        house.take(
            "rosebakery", Post("x", f"9{number}", Author(f"o{number}", f"old{number}"), "Dry cake.", then, f"9{number}")
        )
    assert "3 older complaints were never answered: answer one a day?" in words(ana.look("/"))
    ana.press("/", "/older", yes="yes")
    assert house.reading.old_answer("rosebakery") is True
    assert "One older complaint a day comes to your list" in words(ana.look("/"))
    ana.press("/", "/older", yes="no")
    assert "older complaint" not in words(ana.look("/"))


def test_a_site_we_cannot_see_is_told_on_the_inbox_and_explained_on_its_page(house: House, ana: Browser) -> None:
    house.complain()
    assert "We have not seen" not in words(ana.look("/"))
    house.clock.move(timedelta(minutes=5))
    state = house.casebook.sources.claim("x:mentions:rosebakery", house.clock())
    assert state is not None
    house.casebook.sources.failed(
        state.key, state.fence, "X said: <b>429</b>", house.clock() + timedelta(hours=2), house.clock()
    )
    house.clock.move(timedelta(hours=1))
    told = words(ana.look("/"))
    assert "We have not seen X since 14:00. X said: <b>429</b>. We keep trying." in told
    assert "Next try 16:05." in told
    page = words(ana.look("/sources"))
    assert "X said: <b>429</b>" in page
    assert "We cannot see this site at the moment" in page


def test_what_left_the_inbox_is_found_under_cases(house: House, ana: Browser) -> None:
    case_id = house.complain()
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/dismiss", reason="praise")
    assert shown(ana) == []
    assert shown(ana, "/cases?state=dismissed") == [case_id]
    file = house.reading.case(case_id)
    assert file is not None
    assert file.case.state is CaseState.DISMISSED


def test_pausing_is_one_press_away_on_every_page_and_says_so_everywhere(house: House, ana: Browser) -> None:
    case_id = house.complain()
    for path in ("/", "/cases", f"/cases/{case_id}", "/paste", "/sources", "/account"):
        ana.press(path, "/pause")
        assert house.casebook.pauses.paused("rosebakery")
        assert "Posting is paused" in words(ana.look(path))
        ana.press(path, "/resume")
        assert not house.casebook.pauses.paused("rosebakery")


def test_pausing_brings_one_back_to_the_page_one_came_from(ana: Browser) -> None:
    form = next(one for one in tags(ana.look("/sources"), "form") if one.get("action") == "/pause")
    assert filled(form)["back"] == "/sources"
    assert ana.press("/sources", "/pause").url.path == "/sources"


def test_a_site_without_keys_is_still_called_what_people_call_it(house: House, ana: Browser) -> None:
    case_id = house.complain()
    house.places = {name: place for name, place in house.places.items() if name != "x"}
    assert "X · waiting" in words(ana.look("/"))
    assert "as @rosebakery on X" in words(ana.look(f"/cases/{case_id}"))
    assert "X: Rose Bakery" in words(ana.look("/sources"))
