"""How well do we listen: the owner reads in plain words what was raised and missed, says what mentions are, and may go back on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from xml.etree.ElementTree import Element

import pytest

from desk.web.app import create_app
from desk.web.says import DISMISSALS, rate
from storage.casebook import Judged
from storage.words import Author, CaseState, Gone, Kind, Post, Topic, Verdict
from tests.web.small_house import House, as_heard
from tests.web.test_web_strangers import HOSTILE, PLAIN, shape
from tests.web.visitors import Browser, parse, tags, words

PAGE = "/listening"
DAYS = 21


def raised(house: House, real: bool | None, ago: timedelta = timedelta(hours=3)) -> int:
    """A complaint that was raised by itself, and what Ana decided about it; gives the case."""
    mention = house.hear(share=0.9, kind=Kind.COMPLAINT, ago=ago)
    where = house.reading.where_is(mention)
    assert where is not None
    assert where.case_id is not None
    if real is True:
        house.casebook.cases.already_answered(where.case_id, "person:1", house.clock())
    elif real is False:
        house.casebook.cases.dismiss(where.case_id, "no_complaint", "person:1", house.clock())
    return where.case_id


def conversations(house: House, count: int, every: int = 5) -> None:
    """So many mentions in the last three weeks, one in `every` of them a complaint."""
    for day in range(DAYS, 0, -1):
        at = house.clock() - timedelta(days=day) + timedelta(hours=1)
        numbers = range(DAYS - day, count, DAYS)
        house.casebook.rounds.record_import(
            "rosebakery", [said(at, number, complains=number % every == 0) for number in numbers], at
        )


def said(at: datetime, number: int, *, complains: bool) -> Judged:
    share = 0.9 if complains else 0.02 + number % 7 / 50
    kind = Kind.COMPLAINT if complains else Kind.CHATTER
    return as_heard(f"Rose Bakery, number {number}.", at, Author("g", "", "A guest"), share=share, kind=kind)


def rows(tree: Element) -> list[str]:
    """Every row of every table, its cells with a bar between them."""
    return [" | ".join(words(cell) for cell in row) for row in tags(tree, "tr")]


def in_short(browser: Browser) -> str:
    """The sentences on top."""
    return words(next(one for one in tags(browser.look(PAGE), "section") if one.get("aria-label") == "In short"))


def shown(browser: Browser, path: str) -> list[int]:
    """The mentions on a page."""
    return [int(str(one.get("data-mention"))) for one in tags(browser.look(path), "article") if one.get("data-mention")]


def lesson(house: House, mention: int) -> tuple[bool, str | None, str] | None:
    with house.engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT is_complaint, kind, by FROM lessons WHERE mention_id = ?", (mention,)
        ).one_or_none()
    return (bool(row[0]), row[1], row[2]) if row is not None else None


def cases(house: House) -> int:
    return sum(house.reading.counts(house.clock()).cases.values())


def form_of(tree: Element, action: str) -> Element | None:
    return next((one for one in tags(tree, "form") if one.get("action") == action), None)


# --- how well ----------------------------------------------------------------------------------------


def test_an_empty_house_says_so_and_invents_nothing(ana: Browser) -> None:
    assert in_short(ana).startswith("We heard nothing about you in the last 30 days.")
    page = words(ana.look(PAGE))
    assert "%" not in page
    assert "There is nothing to choose yet: we need 50 mentions to go by, and heard 0 in the last 60 days." in page
    assert "Nothing was raised so far." in page
    assert "Nothing yet. Whatever you decide" in page
    assert form_of(ana.look(PAGE), "/listening/ask") is None
    assert "Nothing so far" in words(ana.look("/heard"))


def test_what_nobody_decided_is_called_undecided(house: House, ana: Browser) -> None:
    raised(house, None)
    assert "We raised 1 in the last 30 days. Nobody has decided anything about it yet." in in_short(ana)
    raised(house, None)
    assert "We raised 2 in the last 30 days. Nobody has decided anything about them yet." in in_short(ana)
    assert "%" not in words(ana.look(PAGE))


def test_the_numbers_are_those_of_anas_decisions(house: House, ana: Browser) -> None:
    for number in range(10):
        raised(house, number < 8)
    for _ in range(10):
        house.hear(share=0.3)
    assert "Of 10 we raised in the last 30 days, 8 were real. We may have missed about 3." in in_short(ana)
    raised(house, None)
    assert "We raised 11 in the last 30 days. Of the 10 you decided about, 8 were real." in in_short(ana)


def test_what_was_raised_before_the_month_does_not_count(house: House, ana: Browser) -> None:
    raised(house, True, ago=timedelta(days=40))
    house.hear(share=0.01)
    assert "We heard 1 mention in the last 30 days, and raised none of them. We probably missed none." in in_short(ana)


def test_a_customer_who_writes_three_times_was_raised_once(house: House, ana: Browser) -> None:
    case_id = house.complain()
    house.write_again(case_id)
    house.write_again(case_id, "Still nothing.")
    assert "We raised 1 in" in in_short(ana)


def test_what_people_bring_in_is_no_merit_of_ours(house: House, ana: Browser) -> None:
    ana.press("/paste", "/paste", text="The soup was cold and nobody cared.")
    missed = house.hear(share=0.2)
    ana.press("/heard", f"/heard/{missed}/missed")
    told = in_short(ana)
    assert "We heard 1 mention in the last 30 days, and raised none of them." in told
    assert "You found 1 that we had missed; we probably missed no others." in told


def test_stars_count_too_although_no_look_was_asked(house: House, ana: Browser) -> None:
    house.complain()  # by a rule: there are no shares
    assert "We raised 1 in" in in_short(ana)


def test_mentions_of_a_busy_brand_are_told_for_as_far_back_as_we_look(house: House, ana: Browser) -> None:
    conversations(house, 1_050, every=50)
    page = ana.look(PAGE)
    assert "We raised 20 in the last 19 days." in words(page)
    assert rows(page)[-2:] == ["8 Nov | 7 | 0 | 0 | 7", "15 Nov | 7 | 0 | 0 | 7"]


def test_everything_heard_is_paged_without_gaps_or_repeats(house: House, ana: Browser) -> None:
    conversations(house, 200)
    seen, path = shown(ana, "/heard"), "/heard"
    while older := next((one.get("href") for one in tags(ana.look(path), "a") if one.get("rel") == "next"), None):
        path = older
        seen += shown(ana, path)
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 160
    assert shown(ana, "/heard?before=1") == []
    assert "That was all." in words(ana.look("/heard?before=1"))


# --- how it was week by week -------------------------------------------------------------------------


def test_the_plot_is_a_picture_without_scripts_and_the_table_says_the_same(house: House, ana: Browser) -> None:
    raised(house, True, ago=timedelta(days=1))
    raised(house, False, ago=timedelta(days=1))
    raised(house, None, ago=timedelta(days=1))
    raised(house, True, ago=timedelta(days=9))
    page = ana.look(PAGE)
    (picture,) = (one for one in tags(page, "img"))
    assert picture.get("alt") == (
        "Bars for the last 2 weeks: 4 raised, 2 of them real. The same stands in figures below."
    )
    assert rows(page)[-2:] == ["8 Nov | 1 | 1 | 0 | 0", "15 Nov | 3 | 1 | 1 | 1"]
    for path in (str(picture.get("src")), *(str(one.get("srcset")) for one in tags(page, "source"))):
        answer = ana.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert "<script" not in answer.text
        assert "15 Nov" in answer.text


def test_the_plot_is_for_those_who_are_signed_in_and_of_brands_we_have(
    house: House, ana: Browser, door: Callable[..., Browser]
) -> None:
    path = "/charts/listening/rosebakery.svg"
    assert ana.get(path).status_code == 200
    assert door().get(path, follow_redirects=False).status_code == 303
    assert ana.get("/charts/listening/nobody.svg").status_code == 404
    assert ana.get("/charts/listening/%3Csvg%3E.svg").status_code == 404


# --- what people say ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pressed", "kind"),
    [("no_complaint", None), ("praise", "praise"), ("question", "question"), ("not_us", "not_us"), ("spam", "spam")],
)
def test_what_ben_says_of_a_doubtful_one_is_remembered_and_not_asked_again(
    house: House, ben: Browser, pressed: str, kind: str | None
) -> None:
    mention = house.hear(share=0.4)
    assert shown(ben, PAGE) == [mention]
    answer = ben.press(PAGE, f"/heard/{mention}/tell", kind=pressed)
    assert answer.url.path == PAGE
    assert "Noted. Amends learns from it." in answer.text
    assert lesson(house, mention) == (False, kind, "person:2")
    assert shown(ben, PAGE) == []
    assert cases(house) == 0


def test_a_doubtful_one_that_is_a_complaint_goes_to_the_inbox(house: House, ana: Browser) -> None:
    mention = house.hear(share=0.4)
    for _ in range(2):  # the second press comes from a page that is still open
        ana.post(f"/heard/{mention}/tell", data={"token": ana.token(), "kind": "complaint"})
    assert lesson(house, mention) == (True, "complaint", "person:1")
    assert cases(house) == 1
    (row,) = house.reading.inbox(house.clock()).rows
    assert row.proposal is not None


def test_at_most_five_are_asked_about_and_those_nearest_to_the_line(house: House, ana: Browser) -> None:
    far = house.hear(share=0.01)
    for _ in range(8):
        house.hear(share=0.4)
    asked = shown(ana, PAGE)
    assert len(asked) == 5
    assert far not in asked


def doubtful_case(house: House) -> tuple[int, int]:
    """A mention that was raised although it might be none; gives it and its case."""
    mention = house.hear(share=0.45, kind=Kind.COMPLAINT, place="x")
    where = house.reading.where_is(mention)
    assert where is not None
    assert where.case_id is not None
    return mention, where.case_id


def test_no_complaint_after_all_puts_its_case_aside(house: House, ana: Browser) -> None:
    mention, case_id = doubtful_case(house)
    assert "it waits in your inbox" in words(ana.look(PAGE))
    ana.press(PAGE, f"/heard/{mention}/tell", kind="question")
    file = house.reading.case(case_id)
    assert file is not None
    assert file.case.state is CaseState.DISMISSED
    assert lesson(house, mention) == (False, "question", "person:1")


def test_a_case_in_which_the_customer_wrote_meanwhile_is_not_put_aside_unseen(house: House, ana: Browser) -> None:
    mention, case_id = doubtful_case(house)
    file = house.reading.case(case_id)
    assert file is not None
    seen = file.case.turn
    house.write_again(case_id, "I want my money back.")
    data = {"token": ana.token(), "kind": "no_complaint", "seen": str(seen)}
    answer = ana.post(f"/heard/{mention}/tell", data=data)
    assert answer.status_code == 409
    assert "The customer wrote" in answer.text
    assert lesson(house, mention) is None


def test_what_customers_add_to_their_case_says_nothing_of_the_case(house: House, ana: Browser) -> None:
    case_id = house.complain()
    house.write_again(case_id, "Thank you.")
    ana.post("/heard/2/tell", data={"token": ana.token(), "kind": "praise"})
    file = house.reading.case(case_id)
    assert file is not None
    assert file.case.state is CaseState.OPEN
    assert lesson(house, 2) == (False, "praise", "person:1")


def test_what_is_no_answer_is_asked_again(house: House, ana: Browser) -> None:
    mention = house.hear(share=0.4)
    answer = ana.post(f"/heard/{mention}/tell", data={"token": ana.token(), "kind": "own_post"})
    assert (answer.status_code, lesson(house, mention)) == (422, None)
    assert "Please choose what it is." in answer.text


# --- everything heard --------------------------------------------------------------------------------


def test_everything_heard_says_what_it_was_taken_for_and_why(house: House, ana: Browser) -> None:
    house.hear("Lovely bread!", kind=Kind.PRAISE, reason="“Lovely”: a kind word", name="Elena Ruiz", handle="elena")
    raised(house, None)
    page = words(ana.look("/heard"))
    assert "Elena Ruiz" in page
    assert "Mastodon" in page
    assert "We took it for praise (“Lovely”: a kind word)." in page
    assert len(shown(ana, "/heard")) == 1  # what was raised is in the inbox


def test_an_older_complaint_is_called_what_it_is(house: House, ana: Browser) -> None:
    post = Post("mastodon", "o1", Author("a", "ida", "Ida"), "Stale bread.", house.clock() - timedelta(days=9), "o1")
    house.take("rosebakery", post)
    assert "A complaint, but too old to raise by itself" in words(ana.look("/heard"))


def test_the_inbox_leads_to_everything_heard(house: House, ana: Browser) -> None:
    for _ in range(2):
        assert "/heard" in [one.get("href") for one in tags(ana.look("/"), "a")]
        house.complain()


def test_you_missed_this_one_raises_exactly_one_case(house: House, ana: Browser, ben: Browser) -> None:
    mention = house.hear("The cake was blue inside.")
    answers = [browser.post(f"/heard/{mention}/missed", data={"token": browser.token()}) for browser in (ana, ana, ben)]
    assert {answer.url.path for answer in answers} == {"/cases/1"}
    assert "Raised, with an answer to start from." in answers[0].text
    assert "This one was here already." in answers[1].text
    assert cases(house) == 1
    assert lesson(house, mention) == (True, "complaint", "person:1")
    assert shown(ana, "/heard") == []


def test_what_ana_raised_no_later_look_takes_back(house: House, ana: Browser) -> None:
    mention = house.hear("The cake was blue inside.")
    ana.press("/heard", f"/heard/{mention}/missed")
    later = Verdict(Kind.PRAISE, 0.9, "en", 0.8, Topic.OTHER, 1, (), stage=2, model_version="2")
    house.casebook.verdicts.record(mention, later, house.clock())
    assert [row.case_id for row in house.reading.inbox(house.clock()).rows] == [1]


@pytest.mark.parametrize("act", ["missed", "tell"])
def test_what_the_machine_took_back_is_found_there_and_opened_again(house: House, ana: Browser, act: str) -> None:
    mention = house.hear("The cake was blue inside.", share=0.45, kind=Kind.COMPLAINT)
    later = Verdict(Kind.PRAISE, 0.9, "en", 0.8, Topic.OTHER, 1, (), stage=2, model_version="2")
    house.casebook.verdicts.record(mention, later, house.clock())
    assert "We heard 1 mention in the last 30 days, and raised none of them." in in_short(ana)
    assert "We raised it first, then took it for praise." in words(ana.look("/heard"))
    for _ in range(2):
        ana.post(f"/heard/{mention}/{act}", data={"token": ana.token(), "kind": "complaint"})
    (row,) = house.reading.inbox(house.clock()).rows
    assert row.state is CaseState.OPEN
    assert lesson(house, mention) == (True, "complaint", "person:1")
    assert shown(ana, "/heard") == []


def test_a_mention_that_has_gone_is_told_so(house: House, ana: Browser) -> None:
    mention = house.hear()
    page = ana.look("/heard")
    assert form_of(page, f"/heard/{mention}/missed") is not None
    with house.engine.connect() as connection:
        native = connection.exec_driver_sql("SELECT native_id FROM posts").scalar_one()
    house.casebook.rounds.record_again("rosebakery", [Gone(native, "deleted")], "mastodon", house.clock())
    answer = ana.post(f"/heard/{mention}/missed", data={"token": ana.token()})
    assert answer.status_code == 409
    assert "This mention is no longer here." in answer.text
    assert cases(house) == 0
    assert shown(ana, "/heard") == []


@pytest.mark.parametrize("mention", ["99", "0", "-1", str(2**70)])
def test_a_mention_that_never_was_is_nothing(ana: Browser, mention: str) -> None:
    for act in ("missed", "tell"):
        answer = ana.post(f"/heard/{mention}/{act}", data={"token": ana.token(), "kind": "praise"})
        assert answer.status_code == 404


def test_another_brands_mention_is_no_affair_of_this_house(build_house: Callable[..., House]) -> None:
    house = build_house(two_brands=True)
    mention = house.hear(brand="swiftcourier")
    house.brands = {"rosebakery": house.brands["rosebakery"]}
    ana = Browser(create_app(house, house.clock))
    ana.come_in(house, "ana@rosebakery.example")
    assert shown(ana, "/heard") == []
    assert ana.post(f"/heard/{mention}/missed", data={"token": ana.token()}).status_code == 404


def test_each_brand_is_told_for_itself(build_house: Callable[..., House]) -> None:
    house = build_house(two_brands=True)
    rose, swift = house.hear(share=0.4), house.hear(share=0.4, brand="swiftcourier")
    ana = Browser(create_app(house, house.clock))
    ana.come_in(house, "ana@rosebakery.example")
    assert (shown(ana, PAGE), shown(ana, f"{PAGE}?brand=swiftcourier")) == ([rose], [swift])
    assert shown(ana, "/heard") == [swift, rose]
    assert shown(ana, "/heard?brand=rosebakery") == [rose]
    back = ana.press(f"{PAGE}?brand=swiftcourier", f"/heard/{swift}/tell", kind="praise")
    assert back.url.params["brand"] == "swiftcourier"
    for path in (PAGE, "/heard"):
        assert ana.get(f"{path}?brand=nobody").status_code == 404


# --- who may, and who would ----------------------------------------------------------------------------


def test_vera_reads_it_all_and_presses_nothing(house: House, vera: Browser) -> None:
    conversations(house, 60)
    mention = house.hear(share=0.4)
    house.casebook.hearings.ask_per_day("rosebakery", 2.0, "person:1", house.clock())
    house.casebook.hearings.ask_per_day("rosebakery", None, "person:1", house.clock())
    for path in (PAGE, "/heard"):
        assert [one.get("action") for one in tags(vera.look(path), "form")] == []
    assert "About 2 a day" in words(vera.look(PAGE))
    acts = {
        f"/heard/{mention}/missed": {},
        f"/heard/{mention}/tell": {"kind": "praise"},
        "/listening/ask": {"brand": "rosebakery", "per_day": "5"},
        "/listening/reset": {"brand": "rosebakery"},
        "/listening/back": {"brand": "rosebakery", "version": "1"},
    }
    for path, form in acts.items():
        answer = vera.post(path, data={"token": vera.token(), **form})
        assert answer.status_code == 403
    assert len(house.casebook.hearings.all("rosebakery")) == 2
    assert lesson(house, mention) is None


def test_what_mallory_writes_is_shown_as_text_and_changes_no_page(house: House, ana: Browser) -> None:
    def hear(texts: Sequence[str]) -> dict[str, str]:
        """What the pages are when these were heard last, and nothing else is asked about."""
        told = [
            house.hear(
                one, share=0.4, kind=Kind.PRAISE, name=one[:200], handle=one[:200], url=one[:200], reason=one[:200]
            )
            for one in texts
        ]
        pages = {path: ana.get(path).text for path in (PAGE, "/heard")}
        for mention in told:
            house.casebook.hearings.tell(mention, Kind.SPAM, "person:1", house.clock())
        return pages

    hostile = [one for one in HOSTILE if one.strip()]
    plain = hear([PLAIN] * 5)
    known = {path: {kind for kind, _ in shape(text)} for path, text in plain.items()}
    for begin in range(0, len(hostile), 5):
        for path, text in hear(hostile[begin : begin + 5]).items():
            assert {kind for kind, _ in shape(text)} - known[path] <= {"path", "svg", "bdi", "b"}, path
            tree = parse(text)
            assert all(str(one.get("src")).startswith("/static/") for one in tags(tree, "script"))
            assert not [one for one in tags(tree, "a") if not str(one.get("href")).startswith(("/", "#"))]
            assert not [one for one in tree.iter() if any(name.startswith("on") for name in one.keys())]  # noqa: SIM118
    assert "<script>alert(1)</script>" in words(ana.look("/heard"))


# --- how much ----------------------------------------------------------------------------------------


def in_effect(browser: Browser) -> str:
    """The row of the table that is marked."""
    return next(one for one in rows(browser.look(PAGE)) if one.endswith("| Now"))


def test_how_much_is_raised_can_be_chosen_and_is_marked(house: House, ana: Browser) -> None:
    conversations(house, 100)
    assert in_effect(ana).startswith("As many as there are (about 7 a week) | 6 of 7 | ")
    answer = ana.press(PAGE, "/listening/ask", per_day="2.0")
    assert "Noted. It counts for whatever comes from now on." in answer.text
    hearing = house.casebook.hearings.current("rosebakery")
    assert hearing is not None
    assert (hearing.per_day, hearing.by) == (2.0, "person:1")
    assert in_effect(ana).startswith("About 2 a day")
    ana.press(PAGE, "/listening/ask", per_day="all")
    assert in_effect(ana).startswith("As many as there are")


def test_every_place_of_the_slider_says_what_it_would_mean(house: House, ana: Browser) -> None:
    conversations(house, 100)
    page = ana.look(PAGE)
    told = [str(row.get("data-says")) for row in tags(page, "tr") if row.get("data-says")]
    assert len(told) >= 3
    for one in told:
        assert re.fullmatch(
            r"About \d+ a (day|week): (all|none|\d+) of them real; (about \d+ a month|hardly any) missed\.", one
        )
    (slider,) = (one for one in tags(page, "input") if one.get("type") == "range")
    assert (slider.get("min"), slider.get("max")) == ("0", str(len(told) - 1))


@pytest.mark.parametrize("per_day", ["", "0", "-1", "nan", "inf", "1e9", "100000", "5; DROP TABLE", "٥", "1_0"])
def test_what_is_no_number_changes_nothing(house: House, ana: Browser, per_day: str) -> None:
    data = {"token": ana.token(), "brand": "rosebakery", "per_day": per_day}
    answer = ana.post("/listening/ask", data=data)
    if per_day == "٥":  # five, as many people write it
        assert answer.status_code == 200
    else:
        assert answer.status_code == 422
        assert house.casebook.hearings.current("rosebakery") is None


def test_a_brand_that_is_not_ours_is_listened_for_by_nobody(ana: Browser) -> None:
    for path in ("/listening/ask", "/listening/reset", "/listening/back"):
        answer = ana.post(path, data={"token": ana.token(), "brand": "nobody", "per_day": "5"})
        assert answer.status_code == 404


def test_so_few_mentions_that_the_wish_says_little_are_told(house: House, ana: Browser) -> None:
    conversations(house, 60)
    house.casebook.hearings.ask_per_day("rosebakery", 55.0, "person:1", house.clock())
    assert "About 55 a day is what you asked for." in words(ana.look(PAGE))


@pytest.mark.parametrize(
    ("per_day", "says"),
    [(None, "As many as there are"), (0.5, "About 4 a week"), (1, "About 7 a week"), (2, "About 2 a day"), (55, "About 55 a day"), (0.01, "About 1 a week")],
)  # fmt: skip
def test_rates_are_said_in_whole_numbers(per_day: float | None, says: str) -> None:
    assert rate(per_day) == says


# --- what was learned, forth and back ----------------------------------------------------------------


def test_every_step_can_be_undone_and_that_undone_again(house: House, ana: Browser) -> None:
    hearings = house.casebook.hearings
    hearings.ask_per_day("rosebakery", 2.0, "person:2", house.clock())
    answer = ana.press(PAGE, "/listening/reset")
    assert "As shipped again." in answer.text
    current = hearings.current("rosebakery")
    assert current is not None
    assert (current.version, current.per_day, current.by) == (2, None, "person:1")
    page = words(ana.look(PAGE))
    assert re.search(r"About 2 a day\. ?Sun 22 Nov 2026, 14:00, by Ben Cole", page)
    ana.press(PAGE, "/listening/back")
    current = hearings.current("rosebakery")
    assert current is not None
    assert (current.version, current.per_day, current.why) == (3, 2.0, "Back to version 1.")
    assert "That version counts again." in ana.get(f"{PAGE}?did=back").text


def test_a_version_that_never_was_is_told(house: House, ana: Browser) -> None:
    data = {"token": ana.token(), "brand": "rosebakery", "version": "7"}
    answer = ana.post("/listening/back", data=data)
    assert answer.status_code == 409
    assert "There is no version 7" in answer.text
    assert house.casebook.hearings.current("rosebakery") is None


def test_sites_that_forbid_learning_are_named(house: House, ana: Browser) -> None:
    elsewhere, on_x = house.hear(share=0.4), house.hear(share=0.4, place="x")
    ana.post(f"/heard/{elsewhere}/tell", data={"token": ana.token(), "kind": "praise"})
    assert "allow learning" not in words(ana.look(PAGE))
    ana.post(f"/heard/{on_x}/tell", data={"token": ana.token(), "kind": "praise"})
    page = words(ana.look(PAGE))
    assert "X does not allow learning from what people post there." in page
    assert "From 2 decisions" in page
    house.places = house.places | {
        "reddit": SimpleNamespace(capabilities=SimpleNamespace(may_learn=False, title="Reddit"))
    }  # type: ignore[operator]
    on_reddit = house.hear(share=0.4, place="reddit")
    ana.post(f"/heard/{on_reddit}/tell", data={"token": ana.token(), "kind": "praise"})
    assert "Reddit and X do not allow learning" in words(ana.look(PAGE))


# --- reasons -----------------------------------------------------------------------------------------


def test_it_is_no_complaint_comes_first_among_the_reasons(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = form_of(ana.look(f"/cases/{case_id}"), f"/cases/{case_id}/dismiss")
    assert form is not None
    assert [one.get("value") for one in tags(form, "input") if one.get("name") == "reason"] == list(DISMISSALS)
    assert next(iter(DISMISSALS)) == "no_complaint"
    assert {"It is no complaint", "It was put right already"} <= set(DISMISSALS.values())


@pytest.mark.parametrize("reason", ["no_complaint", "solved"])
def test_the_new_reasons_put_aside_and_teach(house: House, ana: Browser, reason: str) -> None:
    case_id = house.complain()
    ana.press(f"/cases/{case_id}", f"/cases/{case_id}/dismiss", reason=reason)
    file = house.reading.case(case_id)
    assert file is not None
    assert file.case.state is CaseState.DISMISSED
    assert lesson(house, 1) == (False, None, "person:1")
