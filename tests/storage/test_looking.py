"""What pages read: worst first, whole, in few questions, and a pulse that beats when something changed and only then."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from storage.case_file import THREAD_LIMIT
from storage.casebook import Judged
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.reading import FIRST_WORDS, Reading
from storage.tables import cases, customers, mentions, post_texts, posts, verdicts
from storage.views import Counts
from storage.words import Account, Author, Brand, CaseState, Finding, Gone, Kind, Poison, ReplyState
from tests.storage.conftest import at_home
from tests.storage.house import (
    BY_API,
    CHATTER,
    COMPLAINT,
    CORA,
    DAN,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    PRAISE,
    ROSE,
    SORRY,
    SWIFT,
    US,
    House,
    answer,
    draft,
    post,
    verdict,
)

LATER = NOON + HOUR


# Lists -----------------------------------------------------------------------------------------------------------------


def test_the_inbox_is_worst_first_and_then_longest_waiting(house: House) -> None:
    for number, (urgency, minutes) in enumerate([(2, 0), (4, 5), (2, -5), (4, -5), (1, -9)]):
        somebody = Author(f"c-{number}", "somebody")
        house.complain(post(f"p{number}", by=somebody, at=NOON + minutes * MINUTE), urgency)
    assert [row.case_id for row in house.reading.inbox(LATER).rows] == [4, 2, 3, 1, 5]


def test_pages_of_the_inbox_follow_each_other_and_know_the_total(house: House) -> None:
    for number in range(7):
        house.complain(post(f"p{number}", by=Author(f"c-{number}", "somebody"), at=NOON + number * MINUTE))
    pages = [house.reading.inbox(LATER, limit=3, after=after) for after in (0, 3, 6, 9)]
    assert [[row.case_id for row in page.rows] for page in pages] == [[1, 2, 3], [4, 5, 6], [7], []]
    assert {page.total for page in pages} == {7}


def test_a_row_shows_what_is_needed_to_act(house: House) -> None:
    house.hear(
        Judged(post(said="My cake was stale, Market Street! " * 20, url="https://x.example/p1"), verdict(urgency=3))
    )
    hint = Finding("no_invitation", "You could invite her.", "A7")
    house.propose(1, draft(findings=[hint]), draft("We are sorry."))
    (row,) = house.reading.inbox(LATER).rows
    assert (row.brand, row.place, row.handle, row.name, row.shop) == (ROSE.key, "x", "cora", "Cora", "market")
    assert (row.urgency, row.waiting, row.customer_posts, row.url) == (3, HOUR, 1, "https://x.example/p1")
    assert len(row.text) == FIRST_WORDS
    assert (row.proposal, row.findings, row.reach, row.turn) == (SORRY, (hint,), BY_API, 1)
    assert (row.proposal_by, row.reply_id, row.reply_state, row.parked_why) == ("parts", None, None, None)


def test_a_row_shows_the_newest_standing_post_and_its_title(house: House) -> None:
    house.complain(post(title="Rose Bakery", said="stale"))
    assert house.reading.inbox(LATER).rows[0].text == "Rose Bakery\nstale"
    house.hear(answer("p2", post(), "Hello?", by=CORA, at=NOON + MINUTE))
    (row,) = house.reading.inbox(LATER).rows
    assert (row.text, row.customer_posts, row.proposal) == ("Hello?", 2, None)
    house.casebook.rounds.record_again(ROSE.key, [Gone("p2", "deleted")], "x", LATER)
    assert house.reading.inbox(LATER).rows[0].text == "Rose Bakery\nstale"


def test_a_row_shows_the_reply_that_is_in_hand_before_older_ones(house: House) -> None:
    house.refused()
    second = house.approve(house.file(1).proposals[0].id)
    (row,) = house.reading.lists(LATER).held
    assert (row.reply_id, row.reply_state) == (second, ReplyState.APPROVED)


def test_each_list_holds_what_it_says(house: House) -> None:
    ids = {}
    for name in ("inbox", "by hand", "parked", "unsure", "held", "thanked", "dismissed", "snoozed"):
        ids[name] = house.complain(post(name, by=Author(name, name)))
    house.by_hand(ids["by hand"])
    house.refused(house.approved(ids["parked"]))
    house.unsure(house.approved(ids["unsure"]))
    house.approved(ids["held"])
    thanks = answer("ty", post("thanked"), "Thank you!", by=Author("thanked", "thanked"), at=NOON + MINUTE)
    house.hear(Judged(thanks, PRAISE))
    house.refused(house.approved(ids["dismissed"]))
    house.casebook.cases.dismiss(ids["dismissed"], "praise", house.ana, NOON)
    house.casebook.cases.snooze(ids["snoozed"], NOON + DAY, house.ana, NOON)
    for brand in (None, ROSE.key):
        lists = house.reading.lists(LATER, brand)
        found = {
            "inbox": house.reading.inbox(LATER, brand).rows,
            "by hand": lists.by_hand,
            "parked": lists.parked,
            "held": lists.held,
            "thanked": lists.ready_to_close,
            "dismissed": house.reading.in_state([CaseState.DISMISSED], LATER, brand).rows,
            "snoozed": house.reading.snoozed(LATER, brand),
        }
        assert {name: [row.case_id for row in rows] for name, rows in found.items()} == {
            name: [ids[name], ids["unsure"]] if name == "parked" else [ids[name]] for name in found
        }
    elsewhere = house.reading.lists(LATER, SWIFT.key)
    assert (elsewhere.by_hand, elsewhere.parked, elsewhere.held, elsewhere.ready_to_close) == ((), (), (), ())
    assert house.reading.inbox(LATER, SWIFT.key).total == 0


def test_whether_a_reply_went_out_is_asked_even_in_a_dismissed_case(house: House) -> None:
    reply = house.unsure()
    house.casebook.replies.not_found(reply.id, reply.fence, "Please look yourself.", None, LATER)
    house.casebook.cases.dismiss(1, "praise", house.ben, LATER)
    assert [row.reply_id for row in house.reading.lists(LATER).parked] == [reply.id]


def test_closed_cases_come_newest_change_first(house: House) -> None:
    for number in range(3):
        house.complain(post(f"p{number}", at=NOON + number * MINUTE))
    for minutes, case_id in enumerate((2, 3, 1)):
        house.casebook.cases.resolve(case_id, "Oven", "Cake", "", house.ana, LATER + minutes * MINUTE)
    page = house.reading.in_state([CaseState.RESOLVED, CaseState.DISMISSED], LATER, limit=2)
    assert ([row.case_id for row in page.rows], page.total) == ([1, 3], 3)


def test_counts_go_by_the_newest_verdict(house: House) -> None:
    house.hear(post(), Judged(post("p2", by=DAN), CHATTER), Judged(post("p3"), PRAISE))
    house.casebook.verdicts.record(2, verdict(Kind.QUESTION, stage=2), LATER)
    house.casebook.rounds.record_import(SWIFT.key, [Judged(post("p4"), COMPLAINT)], NOON)
    states, kinds = Counter({CaseState.OPEN: 1}), Counter({Kind.COMPLAINT: 1, Kind.QUESTION: 1, Kind.PRAISE: 1})
    assert house.reading.counts(LATER, ROSE.key) == Counts(
        {state: states[state] for state in CaseState}, 3, {kind: kinds[kind] for kind in Kind}
    )
    assert house.reading.counts(LATER).mentions == 4
    assert house.reading.counts(LATER).cases[CaseState.OPEN] == 2


# One case --------------------------------------------------------------------------------------------------------------


def test_a_case_that_is_not_there_is_none(house: House) -> None:
    assert house.reading.case(1) is None


def test_a_case_shows_the_verdict_on_the_complaint_not_on_the_thanks(house: House) -> None:
    house.complain()
    house.hear(Judged(answer("p2", post(), "Thank you!", by=CORA, at=LATER), PRAISE))
    shown = house.file(1).verdict
    assert shown is not None
    assert shown.kind is Kind.COMPLAINT


def test_a_conversation_longer_than_we_show_still_holds_its_complaint(house: House) -> None:
    cake = post(at=NOON - HOUR)
    words = [answer(f"c{n}", cake, f"And {n}!", by=CORA, at=NOON + n * MINUTE) for n in range(THREAD_LIMIT)]
    others = [answer(f"d{n}", cake, "Same", by=DAN, at=NOON + DAY) for n in range(5)]
    house.hear(cake, *words, *(Judged(one, CHATTER) for one in others), now=NOON + DAY)
    file = house.file(1)
    assert len(file.thread) == THREAD_LIMIT
    assert file.thread[0] == file.complaint
    assert file.complaint.post == cake
    assert file.last.post.text == f"And {THREAD_LIMIT - 1}!"
    assert {one.by for one in file.thread} == {"customer"}


def test_an_answer_seen_outside_shows_its_words_even_when_they_are_gone(house: House) -> None:
    house.complain()
    house.hear(Judged(answer("r1", post(), "Sorry!", by=US, at=NOON + MINUTE), CHATTER))
    assert house.file(1).replies[0].text == "Sorry!"
    house.do("UPDATE replies SET native_id = 'unknown'")
    assert house.file(1).replies[0].text == ""


# Many cases ------------------------------------------------------------------------------------------------------------

OPEN_CASES = 5000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Five thousand open cases among ten thousand mentions."""
    url = f"sqlite:///{tmp_path_factory.mktemp('crowd')}/amends.sqlite"
    upgrade(url)
    engine = open_engine(url)
    at_home(engine).open_shop()
    fill(engine, OPEN_CASES, 2 * OPEN_CASES)
    yield at_home(engine)
    engine.dispose()


def fill(engine: Engine, open_cases: int, heard: int) -> None:
    numbers = range(1, heard + 1)
    of_brand = {"brand": ROSE.key, "place": "x"}
    with engine.begin() as connection:
        connection.execute(
            insert(customers), [{**of_brand, "id": n, "native_id": f"c{n}", "handle": f"c{n}"} for n in numbers]
        )
        connection.execute(
            insert(posts),
            [
                {
                    **of_brand, "id": n, "native_id": f"p{n}", "author_id": f"c{n}", "author_handle": "", "author_name": "",
                    "conversation_id": f"p{n}", "reply_to": f"p{n}", "addressed": [], "version": 1,
                    "created_at": NOON - n * MINUTE, "seen_at": NOON,
                }
                for n in numbers
            ],
        )  # fmt: skip
        connection.execute(
            insert(post_texts),
            [
                {"post_id": n, "version": 1, "brand": ROSE.key, "title": "", "text": "stale", "seen_at": NOON}
                for n in numbers
            ],
        )
        connection.execute(
            insert(cases),
            [
                {
                    **of_brand, "id": n, "customer_id": n, "conversation_id": f"p{n}", "complaint_id": n, "state": "open",
                    "turn": 1, "urgency": 1 + n % 4, "topic": "product", "language": "en", "opened_at": NOON,
                    "waiting_since": NOON - n * MINUTE, "changed_at": NOON,
                }
                for n in numbers[:open_cases]
            ],
        )  # fmt: skip
        connection.execute(
            insert(mentions),
            [
                {
                    "id": n, "brand": ROSE.key, "post_id": n, "case_id": n if n <= open_cases else None,
                    "aside": None if n <= open_cases else "old", "found_at": NOON,
                }
                for n in numbers
            ],
        )  # fmt: skip
        connection.execute(
            insert(verdicts),
            [
                {
                    "brand": ROSE.key, "mention_id": n, "stage": 1, "model_version": "1", "post_version": 1,
                    "kind": "complaint", "probability": 0.9, "language": "en", "mood": -0.5, "topic": "product",
                    "urgency": 2, "sensitive": False, "reasons": [], "at": NOON,
                }
                for n in numbers
            ],
        )  # fmt: skip


LOOKS: dict[str, tuple[Callable[[Reading], object], int]] = {
    "inbox": (lambda reading: reading.inbox(NOON), 5),
    "a late page": (lambda reading: reading.inbox(NOON, after=4900), 5),
    "inbox of 200": (lambda reading: reading.inbox(NOON, limit=200), 5),
    "lists": (lambda reading: reading.lists(NOON), 16),
    "closed": (lambda reading: reading.in_state([CaseState.OPEN], NOON), 5),
    "a case": (lambda reading: reading.case(7), 11),
    "older count": (lambda reading: reading.older_complaints(ROSE.key, NOON), 1),
    "counts": (lambda reading: reading.counts(NOON), 3),
    "pulse": (lambda reading: reading.pulse(), 5),
}


@pytest.mark.parametrize("look", list(LOOKS))
def test_a_page_asks_few_questions_however_many_cases_there_are(crowded: House, look: str) -> None:
    show, most = LOOKS[look]
    asked: list[str] = []
    with crowded.before_each(lambda said: asked.append(said) if said.startswith("SELECT") else None):
        show(crowded.reading)
    assert 1 <= len(asked) <= most


def test_the_inbox_of_five_thousand_is_whole(crowded: House) -> None:
    page = crowded.reading.inbox(NOON, limit=100, after=OPEN_CASES - 50)
    assert (len(page.rows), page.total) == (50, OPEN_CASES)
    assert {row.urgency for row in page.rows} == {1}


def plan(house: House, ask: Callable[[], object]) -> list[str]:
    """How SQLite goes about every question that `ask` asks."""
    asked: list[str] = []
    raw = house.engine.raw_connection()
    try:
        with house.before_each(lambda said: asked.append(said) if said.startswith("SELECT") else None):
            ask()
        steps: list[str] = []
        for said in asked:
            cursor = raw.cursor()
            cursor.execute("EXPLAIN QUERY PLAN " + said, ("0",) * said.count("?"))
            steps += [str(row[3]) for row in cursor.fetchall()]
            cursor.close()
    finally:
        raw.close()
    return steps


@pytest.mark.parametrize("look", ["inbox", "lists", "a case", "older count", "pulse"])
def test_no_page_reads_every_post_mention_or_verdict(crowded: House, look: str) -> None:
    show, _ = LOOKS[look]
    scans = [step for step in plan(crowded, lambda: show(crowded.reading)) if step.startswith("SCAN")]
    for table in ("posts", "post_texts", "mentions", "verdicts", "customers", "history", "ours"):
        assert not [step for step in scans if f"SCAN {table}" == step], scans


def test_every_due_work_asks_by_an_index(crowded: House) -> None:
    book = crowded.casebook
    for ask in (book.replies.due, book.replies.stranded, book.replies.to_look, book.removals.due, book.proposals.due):
        steps = plan(crowded, lambda ask=ask: ask(NOON))  # type: ignore[misc]
        assert not [step for step in steps if step in ("SCAN replies", "SCAN cases", "SCAN posts")], (ask, steps)


def test_second_looks_that_are_due_and_what_was_heard_are_found_by_an_index(crowded: House) -> None:
    book = crowded.casebook
    steps = plan(crowded, lambda: book.verdicts.are_due_again(NOON))
    steps += plan(crowded, lambda: book.hearings.heard(ROSE.key, NOON, 50))
    assert not [step for step in steps if step in ("SCAN mentions", "SCAN verdicts", "SCAN posts", "SCAN lessons")], (
        steps
    )
    assert any("ix_mentions_again" in step for step in steps), steps
    assert any("ix_mentions_found" in step for step in steps), steps


def test_old_complaints_are_found_without_comparing_each_with_each(crowded: House) -> None:
    steps = plan(crowded, lambda: crowded.reading.older_complaints(ROSE.key, NOON))
    assert any("ix_replies_parent (place=? AND parent_id=?" in step for step in steps), steps
    assert any("ix_posts_parent (place=? AND parent_id=?" in step for step in steps), steps


# The pulse -------------------------------------------------------------------------------------------------------------


def beats(house: House, act: Callable[[], object]) -> bool:
    before = house.reading.pulse()
    assert house.reading.pulse() == before
    act()
    return house.reading.pulse() != before


CHANGES: dict[str, Callable[[House], object]] = {
    "a complaint": lambda house: house.complain(post("q1", by=DAN)),
    "chatter": lambda house: house.hear(Judged(post("q1", by=DAN), CHATTER)),
    "Cora wrote again": lambda house: house.hear(answer("p2", post(), "Hello?", by=CORA, at=NOON)),
    "Cora thanked": lambda house: house.hear(Judged(answer("p2", post(), "Thanks", by=CORA, at=NOON), PRAISE)),
    "Cora edited": lambda house: house.hear(post(said="Other words", edited_at=NOON)),
    "Cora deleted": lambda house: house.casebook.rounds.record_again(ROSE.key, [Gone("p1", "deleted")], "x", NOON),
    "a stranger in the thread": lambda house: house.casebook.rounds.record_again(
        ROSE.key, [Judged(answer("p3", post(), "Me too", by=CORA, at=NOON), CHATTER)], "x", NOON
    ),
    "a better verdict": lambda house: house.casebook.verdicts.record(1, verdict(stage=2), NOON),
    "a proposal": lambda house: house.propose(1),
    "a revision": lambda house: house.casebook.proposals.revise(house.propose(1), "x", [], house.ana, NOON),
    "an own text": lambda house: house.casebook.proposals.write(1, draft(), BY_API, NOON),
    "an approval": lambda house: house.approved(1),
    "a note": lambda house: house.casebook.cases.note(1, "x", house.ana, NOON),
    "snoozing": lambda house: house.casebook.cases.snooze(1, LATER, house.ana, NOON),
    "dismissing": lambda house: house.casebook.cases.dismiss(1, "x", house.ana, NOON),
    "going offline": lambda house: house.casebook.cases.offline(1, "x", house.ana, NOON),
    "resolving": lambda house: house.casebook.cases.resolve(1, "x", "y", "", house.ana, NOON),
    "silence asked for": lambda house: house.casebook.cases.do_not_contact(1, house.ana, NOON),
    "reading why it was parked": lambda house: house.casebook.cases.unpark(1, house.ana, NOON, ""),
    "a pause": lambda house: house.casebook.pauses.pause("*", house.ana, NOON),
    "poison": lambda house: house.hear(poison=[Poison(None, "why", "raw")]),
    "an answer seen outside": lambda house: house.hear(Judged(answer("r1", post(), "S", by=US, at=NOON), CHATTER)),
    "one old complaint a day": lambda house: house.casebook.brands.answer_old_one_a_day(ROSE.key, True, "x", NOON),
    "a brand with another name": lambda house: house.casebook.brands.sync([Brand("new", "New")], NOON),
    "an account of ours": lambda house: house.casebook.brands.own_account(ROSE.key, Account("x", "9", "nine"), NOON),
    "somebody new": lambda house: house.casebook.people.add("v@r.example", "Vera", "viewer", "h", NOON),
    "a source that fails": lambda house: house.casebook.sources.failed(
        "x:mentions:rosebakery", house.claim_source().fence, "away", LATER, NOON
    ),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_the_pulse_beats_when_something_shown_changed(house: House, change: str) -> None:
    house.complain(now=NOON)
    assert beats(house, lambda: CHANGES[change](house))


def test_the_pulse_beats_at_every_step_of_a_reply(house: House) -> None:
    replies, removals = house.casebook.replies, house.casebook.removals
    reply_id = house.approved()
    at = NOON + 5 * MINUTE
    assert beats(house, lambda: replies.put_off(reply_id, "Waiting.", at, at))
    assert beats(house, lambda: house.unsure(reply_id))
    assert beats(house, lambda: replies.look_later(reply_id, 1, LATER, "X is away.", LATER))
    assert beats(house, lambda: replies.not_found(reply_id, 1, "Not there yet.", LATER, LATER))
    assert beats(house, lambda: replies.not_found(reply_id, 1, "Not there yet.", LATER, LATER))  # at the same instant
    assert beats(house, lambda: replies.try_again(reply_id, 1, LATER, keyed=False))
    assert beats(house, lambda: house.posted(reply_id, now=LATER))
    assert beats(house, lambda: removals.approve(reply_id, "", house.ana, LATER, hold=MINUTE))
    assert beats(house, lambda: removals.undo(reply_id, house.ana, LATER))
    removals.approve(reply_id, "", house.ana, LATER, hold=MINUTE)
    taken = removals.claim(reply_id, LATER + HOUR)
    assert taken is not None
    assert beats(house, lambda: removals.failed(reply_id, taken.fence, "away", LATER + DAY, LATER + HOUR))
    assert beats(house, lambda: house.casebook.pauses.pause("*", "x", NOON))
    assert beats(house, lambda: house.casebook.pauses.resume("*", "x", NOON))


def test_the_pulse_beats_when_a_hand_posted_reply_is_found(house: House) -> None:
    house.casebook.replies.posted_by_hand(house.by_hand(), None, house.ana, NOON + 5 * MINUTE)
    ours = Judged(answer("r1", post(), SORRY, by=US, at=NOON + 5 * MINUTE), CHATTER)
    assert beats(house, lambda: house.hear(ours, now=LATER))


def test_the_pulse_beats_though_the_clock_went_back(house: House) -> None:
    house.complain(now=NOON + DAY)
    again = answer("p2", post(), "Hello?", by=CORA, at=NOON)
    assert beats(house, lambda: house.hear(again, now=NOON))
    assert beats(house, lambda: house.casebook.rounds.record_again(ROSE.key, [Gone("p2", "deleted")], "x", NOON))


def test_the_pulse_is_still_when_nothing_shown_changed(house: House) -> None:
    house.complain()
    book = house.casebook
    token = book.people.open_session(1, NOON, HOUR, DAY)
    still: list[Callable[[], object]] = [
        lambda: house.hear(post()),
        house.hear,
        lambda: book.sources.poll_now(LATER),
        lambda: house.claim_source(LATER),
        lambda: book.rounds.record_again(ROSE.key, [Judged(post(), CHATTER)], "x", LATER),
        lambda: book.rounds.to_follow(ROSE.key, "x", LATER),
        lambda: book.leases.hold("ticker", "one", NOON, MINUTE),
        lambda: book.people.person_for(token, NOON + 30 * MINUTE),
        lambda: book.brands.sync([ROSE, SWIFT], LATER),
        book.can_write,
        lambda: house.reading.inbox(LATER),
    ]
    for number, act in enumerate(still):
        assert not beats(house, act), number


def test_two_processes_feel_the_same_pulse(house: House, project: Path, url: str) -> None:
    house.posted()
    code = f"from storage.reading import *; from storage.engine import open_engine; print(Reading(open_engine({url!r})).pulse())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project)
    assert told.stdout.strip() == str(house.reading.pulse())
