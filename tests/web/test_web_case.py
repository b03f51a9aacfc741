"""The case page: the thread, the answer, one button that says what it does, and who came first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.views import CaseFile
from storage.words import Author, CaseState, Post, Posted, Reason, Reply, ReplyState
from tests.web.small_house import House
from tests.web.visitors import Browser, filled, parse, tags, words

CALM = "Dear Cora, I am sorry that you waited. That was our mistake. We are finding out what happened. Write to hello@rosebakery.example. – Ana, Rose Bakery"


def file_of(house: House, case_id: int) -> CaseFile:
    file = house.reading.case(case_id)
    assert file is not None
    return file


def states(house: House, case_id: int) -> list[ReplyState]:
    return [one.state for one in file_of(house, case_id).replies]


def answer_form(browser: Browser, case_id: int) -> dict[str, str]:
    return filled(next(one for one in tags(browser.look(f"/cases/{case_id}"), "form") if one.get("id") == "answer"))


def approve(browser: Browser, case_id: int, form: dict[str, str] | None = None, **typed: str) -> object:
    sent = (form or answer_form(browser, case_id)) | typed
    return browser.post(f"/cases/{case_id}/approve", data=sent)


def going_out(house: House, browser: Browser, case_id: int) -> Reply:
    """A reply that was approved, and that the outbox has just claimed."""
    approve(browser, case_id)
    house.clock.move(timedelta(minutes=16))
    claimed = house.casebook.replies.claim(file_of(house, case_id).replies[0].id, house.clock())
    assert claimed is not None
    return claimed


def put_up(house: House, case_id: int, after: timedelta = timedelta(minutes=16)) -> None:
    """The outbox posts what is held."""
    replies = house.casebook.replies
    house.clock.move(after)
    for due in replies.due(house.clock()):
        claimed = replies.claim(due.id, house.clock())
        assert claimed is not None
        posted = Posted("77", "https://x.com/rosebakery/status/77", house.clock())
        replies.posted(claimed.id, claimed.fence, posted, house.clock())


def test_the_page_shows_thread_reasons_and_the_words_that_told(house: House, ana: Browser) -> None:
    case_id = house.complain(
        "@rosebakery two hours for a cake", reasons=(Reason("cue:waiting", "They say they waited.", 12, 21),)
    )
    page = ana.look(f"/cases/{case_id}")
    assert ["".join(one.itertext()) for one in tags(page, "mark")] == ["two hours"]
    assert "They say they waited." in words(page)


def test_the_one_button_says_exactly_what_it_does(house: House, ana: Browser) -> None:
    mentioned, overheard = house.complain(), house.complain(handle="dan", summoned=False)
    for case_id, says in ((mentioned, "Post publicly as @rosebakery on X"), (overheard, "Copy the reply and open X")):
        page = ana.look(f"/cases/{case_id}")
        primary = [
            one for one in tags(page, "button") if "primary" in (one.get("class") or "") and one.get("type") is None
        ]
        assert "".join(primary[0].itertext()) == says


def test_approving_sends_the_text_as_it_was_typed(house: House, ana: Browser) -> None:
    case_id = house.complain()
    approve(ana, case_id, text=CALM)
    reply = file_of(house, case_id).replies[0]
    assert (reply.text, reply.state, reply.approved_by) == (CALM, ReplyState.APPROVED, "person:1")
    assert reply.due_at == house.clock() + timedelta(minutes=15)


def test_the_first_ten_replies_are_held_for_longer(house: House, ana: Browser) -> None:
    cases = [house.complain(handle=f"c{number}") for number in range(11)]
    for case_id in cases:
        approve(ana, case_id)
    holds = [file_of(house, case_id).replies[0].due_at for case_id in cases]
    assert holds == [house.clock() + timedelta(minutes=15)] * 10 + [house.clock() + timedelta(seconds=60)]


def test_pressing_twice_posts_once_and_complains_of_nothing(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    first = ana.post(f"/cases/{case_id}/approve", data=form)
    second = ana.post(f"/cases/{case_id}/approve", data=form)
    assert (first.status_code, second.status_code) == (200, 200)
    assert "moved on" not in second.text
    assert states(house, case_id) == [ReplyState.APPROVED]


def test_when_ben_was_quicker_ana_is_told_who_and_keeps_her_words(house: House, ana: Browser, ben: Browser) -> None:
    case_id = house.complain()
    hers = answer_form(ana, case_id)
    approve(ben, case_id)
    answer = ana.post(f"/cases/{case_id}/approve", data=hers | {"text": CALM})
    assert answer.status_code == 409
    page = parse(answer.text)
    assert "Ben" in words(page)
    assert CALM in [one.text for one in tags(page, "textarea")]
    assert states(house, case_id) == [ReplyState.APPROVED]
    assert file_of(house, case_id).replies[0].approved_by == "person:2"


def test_when_ben_said_yes_to_the_same_words_ana_is_told_that_it_was_ben(
    house: House, ana: Browser, ben: Browser
) -> None:
    case_id = house.complain()
    hers = answer_form(ana, case_id)
    approve(ben, case_id, text=CALM)
    answer = ana.post(f"/cases/{case_id}/approve", data=hers | {"text": CALM})
    assert answer.status_code == 409
    assert "Ben" in words(parse(answer.text))
    assert states(house, case_id) == [ReplyState.APPROVED]


def test_other_words_in_a_second_window_are_not_taken_for_a_second_press(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    approve(ana, case_id, form)
    answer = ana.post(f"/cases/{case_id}/approve", data=form | {"text": CALM})
    assert answer.status_code == 409
    assert CALM in [one.text for one in tags(parse(answer.text), "textarea")]


def test_a_yes_after_an_undo_is_a_yes(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    approve(ana, case_id, form, text=CALM)
    ana.post(f"/cases/{case_id}/undo", data=form | {"reply": str(file_of(house, case_id).replies[0].id)})
    approve(ana, case_id, text=CALM)  # at once, and word for word
    assert states(house, case_id) == [ReplyState.WITHDRAWN, ReplyState.APPROVED]


def test_the_same_words_to_what_cora_wrote_since_are_another_answer(house: House, ana: Browser) -> None:
    house.settings = replace(house.settings, posting=replace(house.settings.posting, first_replies=0))
    case_id = house.complain()
    approve(ana, case_id, text=CALM)
    put_up(house, case_id, after=timedelta(seconds=61))
    house.write_again(case_id)
    house.propose_now(case_id)
    approve(ana, case_id, text=CALM)  # well within the time of a second press
    assert states(house, case_id) == [ReplyState.POSTED, ReplyState.APPROVED]


def test_a_second_press_much_later_is_not_taken_for_the_first(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    approve(ana, case_id, form)
    house.clock.move(timedelta(minutes=3))
    assert ana.post(f"/cases/{case_id}/approve", data=form).status_code == 409


def test_a_yes_in_sight_of_another_turn_than_the_text_was_made_for_does_not_count(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    answer = ana.post(f"/cases/{case_id}/approve", data=form | {"seen": str(int(form["seen"]) + 1)})
    assert answer.status_code == 409
    assert states(house, case_id) == []


def test_when_the_customer_wrote_again_nothing_is_approved_and_the_new_words_are_shown(
    house: House, ana: Browser
) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    house.write_again(case_id, "I take it back, all is well now.")
    answer = ana.post(f"/cases/{case_id}/approve", data=form | {"text": CALM})
    assert answer.status_code == 409
    assert "I take it back, all is well now." in answer.text
    assert CALM in [one.text for one in tags(parse(answer.text), "textarea")]
    assert states(house, case_id) == []


def test_when_the_customer_edited_the_post_nothing_is_approved(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    first = file_of(house, case_id).complaint.post
    house.take("rosebakery", replace(first, text="fixed, thanks", edited_at=house.clock()))
    assert ana.post(f"/cases/{case_id}/approve", data=form).status_code == 409
    page = words(ana.look(f"/cases/{case_id}"))
    assert "edited" in page
    assert "fixed, thanks" in page


def test_a_finding_that_blocks_asks_once_more_and_the_second_button_posts(house: House, ana: Browser) -> None:
    case_id = house.complain()
    bad = (
        "We are sorry if you were unhappy. That was our mistake. We are finding out. Write to hello@rosebakery.example."
    )
    answer = ana.post(f"/cases/{case_id}/approve", data=answer_form(ana, case_id) | {"text": bad})
    assert answer.status_code == 422
    assert states(house, case_id) == []
    page = parse(answer.text)
    anyway = [one for one in tags(page, "button") if one.get("name") == "anyway"]
    assert ["".join(one.itertext()) for one in anyway] == ["Post anyway"]
    form = filled(next(one for one in tags(page, "form") if one.get("id") == "answer"))
    assert form["text"] == bad
    ana.post(f"/cases/{case_id}/approve", data=form | {"anyway": "yes"})
    assert [one.text for one in file_of(house, case_id).replies] == [bad]


@pytest.mark.parametrize(
    "text", ["We are sorry, {name}. Our mistake. We are finding out.", "We are sorry. " * 40, " \n "]
)
def test_a_gap_too_much_text_or_none_is_never_posted_anyway(house: House, ana: Browser, text: str) -> None:
    case_id = house.complain()
    answer = ana.post(f"/cases/{case_id}/approve", data=answer_form(ana, case_id) | {"text": text, "anyway": "yes"})
    assert answer.status_code == 422
    assert "Post anyway" not in answer.text
    assert states(house, case_id) == []


def test_hidden_characters_never_get_into_a_reply(house: House, ana: Browser) -> None:
    case_id = house.complain()
    approve(ana, case_id, text=CALM.replace(" ", " \u202e", 1).replace("Cora", "Co\u200bra\0") + "\r\n")
    assert file_of(house, case_id).replies[0].text == CALM


def test_live_findings_follow_what_is_typed_and_store_nothing(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    before = file_of(house, case_id)
    answer = ana.post(f"/cases/{case_id}/check", data=form | {"text": "We are sorry if that hurt you."})
    found = {one.get("data-finding") for one in tags(parse(answer.text), "li")}
    assert {"conditional", "no_invitation"} <= found
    assert "30 of 280" in words(parse(answer.text))
    too_long = ana.post(f"/cases/{case_id}/check", data=form | {"text": "a" * 290})
    assert "10 characters too many" in words(parse(too_long.text))
    assert file_of(house, case_id) == before


def test_the_invitation_goes_with_one_tap_and_is_not_asked_for_again(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    assert "hello@rosebakery.example" in form["text"]
    page = parse(ana.post(f"/cases/{case_id}/draft", data=form | {"use": "uninvited"}).text)
    without = filled(next(one for one in tags(page, "form") if one.get("id") == "answer"))
    assert "hello@rosebakery.example" not in without["text"]
    assert "no_invitation" not in {one.get("data-finding") for one in tags(page, "li")}
    ana.post(f"/cases/{case_id}/approve", data=without)
    assert file_of(house, case_id).replies[0].text == without["text"]


def test_another_way_to_say_it_can_be_picked_and_ones_own_words_put_back(house: House, ana: Browser) -> None:
    case_id = house.complain()
    page = ana.look(f"/cases/{case_id}")
    others = [
        one.get("value")
        for one in tags(page, "button")
        if one.get("name") == "use" and (one.get("value") or "").isdigit()
    ]
    form = answer_form(ana, case_id)
    picked = parse(ana.post(f"/cases/{case_id}/draft", data=form | {"use": others[0], "text": "My own words."}).text)
    chosen = filled(next(one for one in tags(picked, "form") if one.get("id") == "answer"))
    assert chosen["proposal"] == others[0]
    assert chosen["text"] not in ("My own words.", form["text"])
    back = parse(ana.post(f"/cases/{case_id}/draft", data=chosen | {"use": "kept"}).text)
    assert filled(next(one for one in tags(back, "form") if one.get("id") == "answer"))["text"] == "My own words."


def test_by_hand_the_words_and_the_site_are_at_hand_and_posted_closes_it(house: House, ana: Browser) -> None:
    case_id = house.complain(summoned=False)
    approve(ana, case_id)
    page = ana.look(f"/cases/{case_id}")
    link = next(one for one in tags(page, "a") if one.get("id") == "open-site")
    assert (link.get("href") or "").startswith("https://x.com/intent/tweet?in_reply_to=18")
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/posted", url="javascript:alert(1)")
    assert states(house, case_id) == [ReplyState.BY_HAND]
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/posted", url="https://x.com/rosebakery/status/5")
    file = file_of(house, case_id)
    assert (file.case.state, file.replies[0].state) == (CaseState.ANSWERED, ReplyState.POSTED)


def test_what_we_do_not_know_a_person_is_asked(house: House, ana: Browser) -> None:
    case_id = house.complain()
    replies = house.casebook.replies
    claimed = going_out(house, ana, case_id)
    replies.unsure(claimed.id, claimed.fence, "The line broke.", house.clock() + timedelta(hours=1), house.clock())
    page = words(ana.look(f"/cases/{case_id}"))
    assert "We don't know whether this went out" in page
    assert "Post publicly" not in page
    assert str(case_id) in [one.get("data-case") for one in tags(ana.look("/"), "article")]
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/is-it-there", there="no")
    assert states(house, case_id) == [ReplyState.REFUSED]


def test_what_the_site_refused_can_be_posted_by_hand(house: House, ana: Browser) -> None:
    case_id = house.complain()
    replies = house.casebook.replies
    claimed = going_out(house, ana, case_id)
    replies.refused(claimed.id, claimed.fence, "Duplicate.", house.clock())
    assert "X did not take this" in words(ana.look(f"/cases/{case_id}"))
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/hand-over")
    assert states(house, case_id) == [ReplyState.BY_HAND]


def test_a_posted_reply_can_be_taken_down_and_that_undone(house: House, ana: Browser) -> None:
    case_id = house.complain()
    approve(ana, case_id)
    put_up(house, case_id)
    assert "See it on X" in words(ana.look(f"/cases/{case_id}"))
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/take-down", why="Wrong shop.")
    assert file_of(house, case_id).replies[0].removal_due_at == house.clock() + timedelta(seconds=60)
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/leave-up")
    assert file_of(house, case_id).replies[0].removal_due_at is None


def test_a_posted_reply_is_corrected_by_a_new_one_approved_like_any_other(house: House, ana: Browser) -> None:
    case_id = house.complain()
    approve(ana, case_id)
    put_up(house, case_id)
    right = "A correction: we are sorry, the cake was baked at Harbour. Our mistake. We are finding out. Write to hello@rosebakery.example. – Ana"
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/correct", text=right)
    assert states(house, case_id) == [ReplyState.POSTED]
    assert answer_form(ana, case_id)["text"] == right
    approve(ana, case_id)
    assert states(house, case_id) == [ReplyState.POSTED, ReplyState.APPROVED]


def test_every_way_to_close_or_move_a_case(house: House, ana: Browser) -> None:
    case_id = house.complain()
    at = f"/cases/{case_id}"

    def state() -> CaseState:
        return file_of(house, case_id).case.state

    ana.press(at, f"{at}/already-answered")
    assert state() is CaseState.ANSWERED
    ana.press(at, f"{at}/reopen", why="They wrote again by mail.")
    assert state() is CaseState.OPEN
    ana.press(at, f"{at}/offline", note="She rang.")
    assert state() is CaseState.OFFLINE
    ana.press(at, f"{at}/note", text="Promised a new cake.")
    ana.press(at, f"{at}/resolve", cause="One oven was out.", remedy="A new cake.", prevention="")
    assert state() is CaseState.RESOLVED
    page = words(ana.look(at))
    for part in ("One oven was out.", "A new cake.", "Promised a new cake.", "She rang.", "They wrote again by mail."):
        assert part in page
    ana.press(at, f"{at}/reopen")
    ana.press(at, f"{at}/dismiss", reason="other", more="A test order.")
    assert state() is CaseState.DISMISSED
    assert "A test order." in words(ana.look(at))


def test_closing_without_saying_why_keeps_what_was_typed(house: House, ana: Browser) -> None:
    case_id = house.complain()
    answer = ana.press(f"/cases/{case_id}", f"/cases/{case_id}/resolve", cause="The oven.", remedy=" ")
    assert answer.status_code == 422
    assert "The oven." in answer.text
    assert file_of(house, case_id).case.state is CaseState.OPEN
    assert ana.press(f"/cases/{case_id}", f"/cases/{case_id}/dismiss", reason="").status_code == 422


def test_who_wants_no_more_messages_gets_none(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = answer_form(ana, case_id)
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/do-not-contact")
    page = words(ana.look(f"/cases/{case_id}"))
    assert "asked not to be written to" in page
    assert "Post publicly" not in page
    assert ana.post(f"/cases/{case_id}/approve", data=form).status_code == 409
    assert states(house, case_id) == []


def test_what_they_complained_of_before_is_beside_the_new_complaint(house: House, ana: Browser) -> None:
    first = house.complain()
    ana.press(f"/cases/{first}", f"/cases/{first}/resolve", cause="Oven.", remedy="Cake.")
    second = house.complain("@rosebakery and again two hours")
    page = ana.look(f"/cases/{second}")
    assert "They wrote before" in words(page)
    assert f"/cases/{first}" in [one.get("href") for one in tags(page, "a")]


def test_what_told_of_somebodys_health_is_erased_and_the_page_says_so(house: House, ana: Browser) -> None:
    case_id = house.complain("@rosebakery your cake gave me food poisoning", sensitive=True)
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/dismiss", reason="solved")
    month, done = timedelta(days=30), house.clock()
    assert house.casebook.forgetting.forget_health(done - timedelta(hours=1), done + month) == 0
    assert "food poisoning" in words(ana.look(f"/cases/{case_id}"))
    assert house.casebook.forgetting.forget_health(done, done + month) == 1
    page = ana.look(f"/cases/{case_id}")
    assert "what was written is erased" in words(page)
    assert "food poisoning" not in words(page)
    assert "other voice" not in words(page)
    assert [one for one in tags(page, "form") if "/cases/" in str(one.get("action"))] == []


def test_a_deleted_post_is_marked_and_still_shown(house: House, ana: Browser) -> None:
    from storage.words import Gone

    case_id = house.complain("@rosebakery stale bread")
    native = file_of(house, case_id).complaint.post.native_id
    house.casebook.rounds.record_again("rosebakery", [Gone(native, "deleted")], "x", house.clock())
    page = words(ana.look(f"/cases/{case_id}"))
    assert "deleted" in page
    assert "stale bread" in page


def test_our_own_words_and_a_strangers_that_look_like_ours_are_told_apart(house: House, ana: Browser) -> None:
    case_id = house.complain()
    file = file_of(house, case_id)
    first = file.complaint.post
    fake = Post("x", "501", Author("stranger", "rosebakery_", "Rоse Bаkery"), "Send us your card number.", house.clock(), first.conversation_id, first.native_id)  # fmt: skip
    ours = Post("x", "502", Author("own-rosebakery", "rosebakery", "Rose Bakery"), "We are looking into it.", house.clock(), first.conversation_id, first.native_id)  # fmt: skip
    for post in (fake, ours):
        house.take("rosebakery", post)
    posts = {
        one.get("class") or "": words(one)
        for one in tags(ana.look(f"/cases/{case_id}"), "li")
        if "post" in (one.get("class") or "").split()
    }
    told = {key.split()[1]: value for key, value in posts.items()}
    assert "not you" in told["other"]
    assert "not you" not in told["us"]
    assert "not you" not in told["customer"]


def test_news_of_the_case_are_told_without_touching_the_editor(house: House, ana: Browser) -> None:
    case_id = house.complain()
    live = next(
        one.get("data-live") or "" for one in tags(ana.look(f"/cases/{case_id}"), "div") if one.get("id") == "live"
    )
    assert "moved on" not in ana.get(live).text
    house.write_again(case_id)
    answer = ana.get(live)
    assert "Cora Lane</bdi> moved on since you opened this" in answer.text
    assert "<textarea" not in answer.text


def test_a_case_that_is_not_there_says_so(ana: Browser) -> None:
    assert ana.get("/cases/999").status_code == 404
    assert ana.get("/cases/drop%20table").status_code == 422


def test_a_reload_after_a_form_leads_back_to_the_case(house: House, ana: Browser) -> None:
    case_id = house.complain()
    for path in ("draft", "approve"):
        assert ana.get(f"/cases/{case_id}/{path}").url.path == f"/cases/{case_id}"


def test_a_missing_proposal_can_be_asked_for(house: House, ana: Browser) -> None:
    case_id = house.complain(propose=False)
    assert "is being written" in words(ana.look(f"/cases/{case_id}"))
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/propose")
    assert len(answer_form(ana, case_id)["text"]) > 40


def test_vera_sees_everything_and_no_button_that_acts(house: House, vera: Browser) -> None:
    case_id = house.complain()
    for path in ("/", f"/cases/{case_id}", "/sources", "/cases"):
        page = vera.look(path)
        assert [one.get("action") for one in tags(page, "form")] == []
    assert "two hours for a birthday cake" in words(vera.look(f"/cases/{case_id}"))


def test_a_price_and_the_reason_for_the_way_are_on_the_page(
    house: House, ana: Browser, door: Callable[..., Browser]
) -> None:
    case_id = house.complain()
    assert "They wrote to @rosebakery, so Amends can post your answer. X charges 1 cent" in words(
        ana.look(f"/cases/{case_id}")
    )


def test_of_twelve_who_complain_under_one_post_the_others_stand_aside(house: House, ana: Browser) -> None:
    root = Post(
        "x", "600", Author("own-rosebakery", "rosebakery", "Rose Bakery"), "New opening hours!", house.clock(), "600"
    )
    house.take("rosebakery", root)
    cases = [
        house.complain(
            f"@rosebakery number {number} waits too", handle=f"c{number}", name=f"Customer {number}", conversation="600"
        )
        for number in range(12)
    ]
    theirs = house.reading.case(cases[5])
    assert theirs is not None
    asked = theirs.complaint.post
    said = replace(root, native_id="650", text="Sorry, number 5!", parent_id=asked.native_id)
    house.take("rosebakery", said)
    page = ana.look(f"/cases/{cases[4]}")
    standing = next(tags(page, "ol"))
    assert "Sorry, number 5!" not in words(standing)
    assert "New opening hours!" in words(standing)
    assert "number 4 waits too" in words(standing)
    assert "number 5 waits too" not in words(standing)
    assert "12 other voices in the same thread" in words(page)
    assert "number 5 waits too" in words(page)


def test_while_posting_is_paused_a_yes_says_that_it_waits(house: House, ana: Browser) -> None:
    case_id = house.complain()
    house.casebook.pauses.pause("*", "person:1", house.clock())
    answer = ana.post(f"/cases/{case_id}/approve", data=answer_form(ana, case_id))
    assert "Posting is paused, so it waits until you resume." in words(parse(answer.text))


def test_when_it_is_the_customers_turn_a_second_public_answer_is_not_the_first_thing_to_press(
    house: House, ana: Browser
) -> None:
    case_id = house.complain()
    assert tucked(ana, case_id) == []
    house.casebook.cases.already_answered(case_id, "person:1", house.clock())
    assert tucked(ana, case_id) == [False]
    assert "Write to them again" in words(ana.look(f"/cases/{case_id}"))


def tucked(browser: Browser, case_id: int) -> list[bool]:
    """For each editor that waits behind a line, whether it stands open."""
    found = tags(browser.look(f"/cases/{case_id}"), "details")
    return [one.get("open") is not None for one in found if "tucked" in (one.get("class") or "")]
