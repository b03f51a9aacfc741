"""What may happen next, and how likely it is. Hypothesis draws from here; what comes first in a list is what it shrinks to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st

from storage.words import Kind, Purpose
from tests.model.world import CORA, DAN, Answer


@dataclass(frozen=True)
class Step:
    """One thing that happens: a method of the machine, and what it is given."""

    name: str
    how: tuple[tuple[str, object], ...]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={_short(value)}' for name, value in self.how)})"


def _short(value: object) -> str:
    if isinstance(value, timedelta):
        return str(value)
    return getattr(value, "handle", None) or getattr(value, "name", None) or repr(value)


def _step(name: str, **how: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    def made(given: dict[str, object]) -> Step:
        return Step(name, tuple(given.items()))

    return st.fixed_dictionaries(how).map(made)


number = st.integers(0, 5)
hand = st.integers(0, 1)
meanwhiles = st.integers(0, 20)
kinds = st.sampled_from([Kind.COMPLAINT, Kind.COMPLAINT, Kind.PRAISE, Kind.CHATTER])
authors = st.sampled_from([CORA, CORA, DAN])
times = st.sampled_from(
    [
        timedelta(0),
        timedelta(seconds=20),
        timedelta(seconds=61),
        timedelta(minutes=2),
        timedelta(minutes=4),
        timedelta(minutes=25),
        timedelta(hours=3),
        timedelta(days=1),
        timedelta(days=8),
    ]
)
purposes = st.sampled_from([Purpose.ACKNOWLEDGE, Purpose.FOLLOW_UP, Purpose.CLOSE])
clocks = st.sampled_from(
    [
        timedelta(0),
        timedelta(0),
        timedelta(seconds=10),
        timedelta(seconds=-10),
        timedelta(minutes=20),
        timedelta(minutes=-20),
        timedelta(hours=7),
        timedelta(hours=-7),
        timedelta(days=20),
        timedelta(days=-20),
    ]
)
answers = st.sampled_from(list(Answer))
beginnings = st.sampled_from(["a complaint", "an answer approved", "an answer that is up"])
works = st.sampled_from(["post", "post", "look", "take down"])
removals = st.sampled_from(
    [Answer.DONE, Answer.REFUSED, Answer.DOWN, Answer.LOST_DONE, Answer.KILLED_BEFORE, Answer.KILLED_AFTER]
)
outside_acts = st.sampled_from(
    ["write", "reply", "edit", "delete or put back", "answer in the app", "delete ours in the app"]
)
intakes = st.sampled_from(["everything", "part", "follow", "older"])
answerings = st.sampled_from(["answer", "answer", "propose", "write", "approve", "approve in sight of less", "correct"])
on_replies = st.sampled_from(
    ["undo", "posted by hand", "posted by hand, untold", "hand over", "look", "take down", "leave up"]
)
on_cases = st.sampled_from(
    [
        "dismiss",
        "dismiss in sight of less",
        "resolve",
        "resolve",
        "reopen",
        "reopen",
        "reopen",
        "private",
        "answered",
        "snooze",
        "wake",
        "note",
        "read",
        "read",
        "wish",
        "forget",
        "pause or resume",
        "pause or resume",
    ]
)


# Twice in the list below: as often again as the others.
an_answer_goes_out = _step(
    "an_answer_goes_out",
    which=number,
    purpose=purposes,
    first=answers,
    meanwhile=meanwhiles,
    looks=st.integers(0, 3),
    by=hand,
)
the_machine = _step(
    "the_machine",
    wait=times,
    work=works,
    first=answers,
    second=answers,
    removal=removals,
    away=number,
    meanwhile=meanwhiles,
    by=hand,
)

steps: st.SearchStrategy[Step] = st.one_of(
    an_answer_goes_out,
    _step("outside", act=outside_acts, who=authors, kind=kinds, which=number),
    _step("intake", how=intakes, some=st.integers(0, 2**12 - 1), by=hand),
    _step("answering", act=answerings, which=number, purpose=purposes, by_hand=st.booleans(), by=hand),
    _step("on_a_reply", act=on_replies, which=number, by=hand),
    _step("on_a_case", act=on_cases, which=number, by=hand),
    the_machine,
    an_answer_goes_out,
    the_machine,
    _step("the_clock_is_set", wrong=clocks, off=st.booleans()),
)

left_out = st.frozensets(
    st.sampled_from(
        ["outside", "intake", "answering", "on_a_reply", "on_a_case", "the_clock_is_set", "an_answer_goes_out"]
    ),
    max_size=3,
)
