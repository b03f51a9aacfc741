"""The model has teeth: with a rule of the product taken out, it says so. Each is a mistake that somebody could make tomorrow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from places.doors import Repeat
from responders import outbox
from storage.casebook import approving, cases, clocks, moves, raising, removals, replies, rounds, seen
from tests.model.bases import Bases
from tests.model.machine import WholeCase

EXAMPLES = 250
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


def plans_of_another_clock_stand(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clocks, "_begin_anew", nothing)
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
    patch.setattr(replies, "why_not", lambda *_: None)


MISTAKES: tuple[Break, ...] = (
    a_lost_answer_is_taken_for_a_no, a_pause_stops_nothing, a_pause_stops_no_taking_down, what_happened_since_takes_nothing_back,
    a_dismissal_takes_nothing_back, a_yes_needs_no_sight, a_wish_is_not_heard, two_may_go_out_under_one_post,
    what_a_look_finds_is_always_ours, one_look_is_enough, looks_believe_our_clock, looks_are_not_told_of_a_clock_that_jumped,
    plans_of_another_clock_stand, the_dead_are_never_found, answers_in_the_app_are_not_seen,
    our_own_answers_come_back_as_somebody_elses, deletions_are_not_noticed, the_forgotten_come_back, an_edit_is_no_news,
    thanks_ask_for_an_answer, a_claim_minds_nothing,
)  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.__name__)
def test_a_rule_that_is_taken_out_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: Break) -> None:
    class Machine(WholeCase):
        pass

    Machine.bases, Machine.repeat = Bases(f"sqlite:///{tmp_path}/amends.sqlite"), Repeat.AFTER_TWO_LOOKS
    mistake(monkeypatch)
    chosen = settings(
        max_examples=EXAMPLES,
        deadline=None,
        stateful_step_count=40,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    try:
        with pytest.raises(AssertionError):
            run_state_machine_as_test(Machine, settings=chosen)
    finally:
        Machine.bases.close()
