"""Paste a complaint: one box on the phone, for whatever we cannot read ourselves."""

from __future__ import annotations

from storage.words import CaseState, ReachHow, ReplyState
from tests.web.small_house import House
from tests.web.visitors import Browser, words

RUDE = "Came in at nine, nobody said hello, and the coffee was cold. Terrible service!"


def test_pasting_opens_a_case_with_an_answer_to_start_from(house: House, ana: Browser) -> None:
    answer = ana.press(
        "/paste",
        "/paste",
        text=RUDE,
        link="https://maps.example/r/1",
        site="Google",
        shop="rosebakery/harbour",
        author="Dan",
    )
    assert answer.url.path == "/cases/1"
    file = house.reading.case(1)
    assert file is not None
    assert (file.case.place, file.case.shop, file.customer.name) == ("paste", "harbour", "Dan")
    assert file.complaint.post.url == "https://maps.example/r/1"
    assert file.proposals[0].reach.how is ReachHow.BY_HAND
    assert "Google" in words(ana.look("/cases/1"))


def test_the_pasted_case_goes_the_whole_way_on_the_phone(house: House, ana: Browser) -> None:
    ana.press("/paste", "/paste", text=RUDE, link="https://maps.example/r/1")
    assert "Copy the reply and open" in words(ana.look("/cases/1"))
    ana.press("/cases/1", "/cases/1/approve")
    assert 'href="https://maps.example/r/1"' in ana.get("/cases/1").text
    ana.press("/cases/1", "/cases/1/posted")
    file = house.reading.case(1)
    assert file is not None
    assert (file.case.state, file.replies[0].state) == (CaseState.ANSWERED, ReplyState.POSTED)


def test_without_a_link_there_is_nothing_to_open_and_the_button_says_so(ana: Browser) -> None:
    ana.press("/paste", "/paste", text=RUDE)
    page = words(ana.look("/cases/1"))
    assert "Copy the reply" in page
    assert "and open" not in page


def test_even_praise_becomes_a_case_when_a_person_pastes_it_in(house: House, ana: Browser) -> None:
    ana.press("/paste", "/paste", text="I love this bakery.")
    assert house.reading.inbox(house.clock()).total == 1
    assert "Somebody here brought it in." in words(ana.look("/cases/1"))


def test_the_same_words_pasted_twice_are_one_case(house: House, ana: Browser) -> None:
    ana.press("/paste", "/paste", text=RUDE)
    answer = ana.press("/paste", "/paste", text=f" {RUDE}\r\n")
    assert "This one was here already" in answer.text
    assert house.reading.inbox(house.clock()).total == 1


def test_what_cannot_be_used_is_said_and_nothing_typed_is_lost(house: House, ana: Browser) -> None:
    for text, link in (("  ", ""), (RUDE, "javascript:alert(1)")):
        answer = ana.press("/paste", "/paste", text=text, author="Dan", link=link)
        assert answer.status_code == 422
        assert 'value="Dan"' in answer.text
    assert house.reading.inbox(house.clock()).total == 0
    assert ana.press("/paste", "/paste", text=RUDE, shop="nobody").status_code == 404
