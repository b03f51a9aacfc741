"""Whatever customers, people, platforms, crashes and clocks do, in any order: the product does what a careful person would.

In every run the same examples are tried; with AMENDS_MODEL_EXAMPLES=100000 as many others, new each time, each of AMENDS_MODEL_STEPS.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from places.doors import Repeat
from tests.model.bases import Bases
from tests.model.machine import WholeCase

MANY = int(os.environ.get("AMENDS_MODEL_EXAMPLES", "0"))
STEPS = int(os.environ.get("AMENDS_MODEL_STEPS", "40"))
HOURS = 12 * 3600


def check(url: str, repeat: Repeat, examples: int) -> None:
    """Run the machine on this base."""

    class Machine(WholeCase):
        pass

    Machine.bases, Machine.repeat = Bases(url), repeat
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=MANY or examples,
                deadline=None,
                stateful_step_count=STEPS,
                derandomize=not MANY,
                phases=[Phase.generate, Phase.shrink] if MANY else [Phase.generate],
                suppress_health_check=list(HealthCheck),
                print_blob=bool(MANY),
            ),
        )
    finally:
        Machine.bases.close()


@pytest.mark.timeout(HOURS if MANY else 900)
@pytest.mark.parametrize("repeat", list(Repeat))
def test_the_whole_case_is_as_a_careful_person_would_have_it(tmp_path: Path, repeat: Repeat) -> None:
    check(f"sqlite:///{tmp_path}/amends.sqlite", repeat, 60)


@pytest.mark.timeout(HOURS if MANY else 900)
def test_on_postgresql_too(postgres_url: str) -> None:
    check(postgres_url, Repeat.AFTER_TWO_LOOKS, 15)
