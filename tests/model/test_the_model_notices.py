"""The model has teeth: with a rule of the product taken out, it says so. Each is a mistake that somebody could make tomorrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import null, update

from places.doors import Repeat
from responders import outbox
from storage import tables
from storage.casebook import approving, cases, clocks, moves, raising, removals, replies, rounds, seen
from storage.words import Kind, Purpose
from tests.model.bases import Bases
from tests.model.machine import WholeCase
from tests.model.search import HOURS, MANY, chosen
from tests.model.world import CORA, Answer

Happens = tuple[str, Mapping[str, object]]
Break = Callable[[pytest.MonkeyPatch], None]


def nothing(*_: Any, **__: Any) -> None:
    """What is left of a rule."""


def a_lost_answer_is_taken_for_a_no(patch: pytest.MonkeyPatch) -> None:
    def again(self: replies.Replies, reply_id: int, fence: int, why: str, _: datetime, now: datetime) -> None:
        self.put_back(reply_id, fence, why, now, now)

    patch.setattr(replies.Replies, "unsure", again)


def a_pause_stops_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replies, "is_paused", lambda *_: False)
    patch.setattr(replies, "not_paused", lambda column: column.is_not(None))


def a_pause_stops_no_taking_down(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(removals, "is_paused", lambda *_: False)
    patch.setattr(removals, "not_paused", lambda column: column.is_not(None))


def what_happened_since_takes_nothing_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "withdraw_held", nothing)


def a_dismissal_takes_nothing_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cases, "withdraw_held", nothing)


def a_yes_needs_no_sight(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(approving, "check_seen", nothing)


def a_wish_is_not_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(approving, "do_not_contact", lambda *_: False)


def two_may_go_out_under_one_post(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(approving, "check_alone", nothing)


def what_a_look_finds_is_always_ours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replies, "may_be_another", lambda *_: False)


def one_look_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_settle", lambda *_: timedelta(0))


def looks_believe_our_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_asked_for", lambda _outbox, reply, _looks: reply)


def looks_are_not_told_of_a_clock_that_jumped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tests.model.acts.clock_was_set", nothing)


def holds_are_cut_short_by_a_clock_set_forward(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clocks.Clocks, "was_set", nothing)


def plans_of_another_clock_stand(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clocks, "_begin_anew", nothing)
    patch.setattr(clocks, "_wait_anew", nothing)
    patch.setattr(clocks, "FARTHEST", timedelta(days=9999))


def the_dead_are_never_found(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replies.Replies, "stranded", lambda *_: ())


def answers_in_the_app_are_not_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rounds, "own_post", nothing)


def our_own_answers_come_back_as_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seen, "_known", lambda *_: False)


def deletions_are_not_noticed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rounds, "deleted", nothing)


def the_forgotten_come_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rounds, "forgotten_posts", lambda *_: frozenset())


def an_edit_is_no_news(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rounds, "join", nothing)


def thanks_ask_for_an_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(raising, "is_thanks", lambda _: False)


def a_claim_minds_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "withdraw_held", nothing)  # which would have taken it back before
    patch.setattr(replies, "why_not", lambda *_: None)


def a_note_clears_what_was_told(patch: pytest.MonkeyPatch) -> None:
    rule = cases.Cases.note

    def note(self: cases.Cases, case_id: int, text: str, by: str, now: datetime) -> None:
        rule(self, case_id, text, by, now)
        with self.engine.begin() as connection:
            connection.execute(update(tables.cases).where(tables.cases.c.id == case_id).values(parked_why=None))

    patch.setattr(cases.Cases, "note", note)


def taking_down_clears_what_was_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "case", lambda *_, **__: null())


def told(step: str, /, **how: object) -> Happens:
    """One thing that happens in a story; what is not said goes well."""
    return step, {**USUALLY[step], **how}


USUALLY: Mapping[str, Mapping[str, object]] = {
    "the_clock_is_set": {},
    "outside": {"who": CORA, "kind": Kind.COMPLAINT, "which": 0},
    "intake": {"how": "everything", "some": 0, "by": 0},
    "answering": {"which": 0, "purpose": Purpose.ACKNOWLEDGE, "by_hand": False, "by": 0},
    "on_a_reply": {"which": 0, "by": 0},
    "on_a_case": {"which": 0, "by": 0},
    "the_machine": {
        "wait": timedelta(minutes=4), "first": Answer.DONE, "second": Answer.DONE, "removal": Answer.DONE, "away": 0, "meanwhile": 20, "by": 0,
    },
    "an_answer_goes_out": {
        "which": 0, "purpose": Purpose.ACKNOWLEDGE, "first": Answer.DONE, "meanwhile": 20, "looks": 0, "by": 0,
    },
}  # fmt: skip
SOON, AHEAD, FAR_AHEAD = timedelta(seconds=20), timedelta(minutes=20), timedelta(hours=7)
POSTS, LOOKS = {"work": "post"}, {"work": "look"}

STORIES: Mapping[Break, tuple[Happens, ...]] = {
    a_lost_answer_is_taken_for_a_no: (told("an_answer_goes_out", first=Answer.BROKEN_DONE),),
    a_pause_stops_nothing: (told("an_answer_goes_out", meanwhile=1),),
    a_pause_stops_no_taking_down: (
        told("an_answer_goes_out"),
        told("on_a_reply", act="take down"),
        told("on_a_case", act="pause or resume"),
        told("the_machine", work="take down"),
    ),
    what_happened_since_takes_nothing_back: (
        told("answering", act="answer"),
        told("outside", act="edit"),
        told("intake"),
    ),
    a_dismissal_takes_nothing_back: (told("answering", act="answer"), told("on_a_case", act="dismiss")),
    a_yes_needs_no_sight: (told("answering", act="write"), told("answering", act="approve in sight of less")),
    a_wish_is_not_heard: (told("on_a_case", act="wish"), told("answering", act="answer")),
    two_may_go_out_under_one_post: (
        told("answering", act="answer"),
        told("answering", act="answer", purpose=Purpose.FOLLOW_UP),
    ),
    what_a_look_finds_is_always_ours: (
        told("an_answer_goes_out", first=Answer.DONE_WITHOUT_ID),
        told("an_answer_goes_out", purpose=Purpose.FOLLOW_UP, first=Answer.LOST_UNDONE, looks=1),
    ),
    one_look_is_enough: (
        told("an_answer_goes_out", first=Answer.LATE),
        told("the_machine", **LOOKS, wait=SOON),
        told("the_machine", **LOOKS, wait=SOON),
        told("the_machine", **POSTS, wait=SOON),
        told("the_machine", **LOOKS),
    ),
    looks_believe_our_clock: (
        told("the_clock_is_set", wrong=FAR_AHEAD),
        told("an_answer_goes_out", first=Answer.LOST_DONE, looks=2),
        told("the_machine", **POSTS),
    ),
    looks_are_not_told_of_a_clock_that_jumped: (
        told("an_answer_goes_out", first=Answer.LATE),
        told("the_clock_is_set", wrong=AHEAD),
        told("the_machine", **LOOKS, wait=SOON),
        told("the_clock_is_set", wrong=FAR_AHEAD),
        told("the_machine", **LOOKS, wait=SOON),
        told("the_machine", **POSTS, wait=SOON),
        told("the_machine", **LOOKS),
    ),
    holds_are_cut_short_by_a_clock_set_forward: (
        told("answering", act="answer"),
        told("the_clock_is_set", wrong=AHEAD),
        told("the_machine", **POSTS, wait=SOON),
    ),
    plans_of_another_clock_stand: (
        told("the_clock_is_set", wrong=timedelta(days=20)),
        told("answering", act="answer"),
        told("the_clock_is_set", wrong=timedelta(0)),
    ),
    the_dead_are_never_found: (told("an_answer_goes_out", first=Answer.KILLED_AFTER, looks=1),),
    answers_in_the_app_are_not_seen: (told("outside", act="answer in the app"), told("intake")),
    our_own_answers_come_back_as_somebody_elses: (told("an_answer_goes_out"), told("the_machine", **LOOKS), told("intake")),
    deletions_are_not_noticed: (told("outside", act="delete or put back"), told("intake", how="follow")),
    the_forgotten_come_back: (told("on_a_case", act="forget"), told("intake")),
    an_edit_is_no_news: (told("outside", act="edit"), told("intake")),
    thanks_ask_for_an_answer: (
        told("an_answer_goes_out"),
        told("outside", act="reply", kind=Kind.PRAISE),
        told("intake"),
    ),
    a_claim_minds_nothing: (told("answering", act="answer"), told("outside", act="edit"), told("the_machine", **POSTS)),
    a_note_clears_what_was_told: (
        told("answering", act="answer"),
        told("outside", act="edit"),
        told("intake"),
        told("on_a_case", act="note"),
    ),
    taking_down_clears_what_was_told: (
        told("an_answer_goes_out"),
        told("answering", act="answer", purpose=Purpose.FOLLOW_UP),
        told("outside", act="edit"),
        told("intake"),
        told("on_a_reply", act="take down", which=1),
    ),
}  # fmt: skip
"""For each mistake, what must happen for it to matter."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bases]:
    """The shop, made once."""
    made = Bases(f"sqlite:///{tmp_path_factory.mktemp('model')}/amends.sqlite")
    yield made
    made.close()


def machine_in(bases: Bases) -> type[WholeCase]:
    class Machine(WholeCase):
        pass

    Machine.bases, Machine.repeat = bases, Repeat.AFTER_TWO_LOOKS
    return Machine


def play(bases: Bases, story: tuple[Happens, ...]) -> None:
    """Cora has complained, and then this happens; every law is looked at after each thing. Raises AssertionError."""
    machine = machine_in(bases)()
    machine.open_shop(begun="a complaint", wrong=timedelta(0), left_out=frozenset())
    machine.everything_is_as_noted()
    for act, how in story:
        getattr(machine, act)(**how)
        machine.everything_is_as_noted()
    machine.teardown()


@pytest.mark.parametrize("mistake", STORIES, ids=lambda one: one.__name__)
def test_a_rule_that_is_taken_out_is_missed(bases: Bases, monkeypatch: pytest.MonkeyPatch, mistake: Break) -> None:
    play(bases, STORIES[mistake])
    mistake(monkeypatch)
    with pytest.raises(AssertionError):
        play(bases, STORIES[mistake])


if MANY:  # a long search, and none of a usual run

    @pytest.mark.timeout(HOURS)
    @pytest.mark.parametrize("mistake", STORIES, ids=lambda one: one.__name__)
    def test_it_is_missed_by_chance_too(bases: Bases, monkeypatch: pytest.MonkeyPatch, mistake: Break) -> None:
        mistake(monkeypatch)
        with pytest.raises(AssertionError):
            run_state_machine_as_test(machine_in(bases), settings=chosen(MANY, shrink=False))
