"""Many hands at once: eight people at two processes, four processes at the work, one customer who will not wait.

ROUNDS=5000 SEED=3 pytest tests/hands -s    plays longer, or another game; what lands the work plays more on each database
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.hands.house import open_street
from tests.hands.judging import check_answers, check_log, judge
from tests.hands.people import NAMES
from tests.hands.rounds import AGREED, Rounds

ROUNDS = int(os.environ.get("ROUNDS", "20"))
SEED = int(os.environ.get("SEED", "7"))


@pytest.mark.timeout(120 + 4 * ROUNDS)  # a slow machine with two cores needs more than a second for a round
def test_many_hands_at_once_post_once_lose_nothing_and_hear_who_was_first(any_url: str, tmp_path: Path) -> None:
    print(f"rounds {ROUNDS}, seed {SEED}")
    with open_street(tmp_path, any_url) as street:
        rounds = Rounds(street, SEED)
        rounds.play(ROUNDS)
        check_log(street.log)
        check_answers(rounds.answers)
        verdict = judge(street)
        lost = [answer for answer in rounds.answers if answer.status == 409]
        print(verdict, f"presses {len(rounds.answers)}, told who was first {len(lost)}")
        assert verdict.approved >= ROUNDS / 4
        assert verdict.posted >= ROUNDS // AGREED
        assert verdict.taken_back > 0
        assert len(lost) > ROUNDS
        mails = [str(mail["To"]) for mail in street.post_office.mails]
        assert sorted(mails) == sorted(f"{name.lower()}@rosebakery.example" for name in NAMES), "one digest each"
        page = str(street.post_office.mails[0].get_payload(0).get_payload(decode=True))  # type: ignore[union-attr]
        assert re.search(r"/cases/\d+", page), "the mail leads to the very page that the rounds are played on"
