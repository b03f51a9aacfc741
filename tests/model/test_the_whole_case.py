"""Whatever customers, people, platforms, crashes and clocks do, in any order: the product does what a careful person would.

In every run the same few examples are tried; `AMENDS_MODEL_EXAMPLES=10000 pytest tests/model` tries as many others, new each time, each
of AMENDS_MODEL_STEPS steps (40), and shows the smallest that fails.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from places.doors import Repeat
from tests.model.bases import Bases
from tests.model.machine import WholeCase
from tests.model.search import HOURS, MANY, chosen

FEW = 12


def check(url: str, repeat: Repeat, examples: int) -> None:
    """Run the machine on this base."""

    class Machine(WholeCase):
        pass

    Machine.bases, Machine.repeat = Bases(url), repeat
    try:
        run_state_machine_as_test(Machine, settings=chosen(MANY or examples))
    finally:
        Machine.bases.close()


@pytest.mark.timeout(HOURS if MANY else 600)
@pytest.mark.parametrize("repeat", list(Repeat))
def test_the_whole_case_is_as_a_careful_person_would_have_it(tmp_path: Path, repeat: Repeat) -> None:
    check(f"sqlite:///{tmp_path}/amends.sqlite", repeat, FEW)


@pytest.mark.timeout(HOURS if MANY else 600)
def test_on_postgresql_too(postgres_url: str) -> None:
    check(postgres_url, Repeat.AFTER_TWO_LOOKS, FEW // 3)
