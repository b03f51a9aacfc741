"""`amends-torture`: what it answers, when it is content, and that it goes on where it was stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from torture.command import CI_TRIALS, Torture, read
from torture.crew import JobBoard
from torture.groups import Group, Trial, groups, thinned, trials
from torture.jobs import Job, job_of
from torture.judge import WRONGS, Finding
from torture.outcome import Outcome
from torture.resume import OtherRun, Run, take_up
from torture.sites import SITES
from torture.table import tell
from torture.tally import NAIVE_DOUBLES, NAIVE_LOSES, PROCESSES, RANDOM, SYSTEMATIC, Part, Tally, answer

COMMAND = Path(sys.executable).with_name("amends-torture")
PLACES = tuple(SITES)


def good() -> Tally:
    """Three thousand cases without a fault, and a self-check that bites."""
    return Tally(
        {
            NAIVE_DOUBLES: Part(40, 60, 96, 0, Counter(duplicates=36)),
            NAIVE_LOSES: Part(40, 60, 96, 0, Counter(lost=20)),
            PROCESSES: Part(40, 55, 60, 0, terms=10),
            SYSTEMATIC: Part(1_500, 3_000, CI_TRIALS, 200),
            RANDOM: Part(2_400, 2_800, 1_600, 90),
        }
    )


def is_passed(tally: Tally, *arguments: str) -> bool:
    return Torture(read(arguments), Run(7, "SQLite", PLACES, tally=tally)).is_passed


def test_the_answer_has_the_keys_that_were_agreed() -> None:
    told = json.loads(answer(good(), 7, "SQLite", 61.5))
    agreed = {
        "kills": 3_940, "cases": 3_060, "duplicates": 0, "lost": 0, "stuck": 0, "parked": 290, "naive_duplicates": 36, "seed": 7,
    }  # fmt: skip
    assert {name: told[name] for name in agreed} == agreed
    assert set(WRONGS) <= set(told)


def test_it_is_content_when_nothing_was_wrong_and_the_self_check_bit() -> None:
    assert is_passed(good())
    assert is_passed(good(), "--ci")


@pytest.mark.parametrize("wrong", WRONGS)
def test_anything_that_is_wrong_fails_it(wrong: str) -> None:
    tally = good()
    tally.parts[RANDOM].wrong[wrong] += 1
    assert not is_passed(tally)


@pytest.mark.parametrize(("part", "wrong"), [(NAIVE_DOUBLES, "duplicates"), (NAIVE_LOSES, "lost")])
def test_a_self_check_that_finds_nothing_fails_it(part: str, wrong: str) -> None:
    tally = good()
    tally.parts[part].wrong[wrong] = 0
    assert not is_passed(tally)


def test_nothing_tried_is_no_proof() -> None:
    tally = good()
    del tally.parts[RANDOM], tally.parts[SYSTEMATIC], tally.parts[PROCESSES]
    assert not is_passed(tally)


def test_the_short_run_wants_its_systematic_part() -> None:
    tally = good()
    tally.parts[SYSTEMATIC].cases -= 1
    assert not is_passed(tally, "--ci")


def test_the_short_run_wants_its_real_processes() -> None:
    tally = good()
    tally.parts[PROCESSES].kills -= 1
    assert is_passed(tally, "--processes", "39")
    assert not is_passed(tally, "--ci")


def test_an_error_that_nobody_foresaw_fails_it() -> None:
    tally = good()
    tally.unforeseen.append("12: posting failed in a way we did not foresee")
    assert not is_passed(tally)


def test_it_says_no_more_than_the_numbers_allow() -> None:
    run = Run(7, "SQLite", PLACES, tally=good())
    assert "fewer than 1 in 1,020 (3/n, 95 %)" in tell(run)[0]
    assert all(
        name in " ".join(tell(run))
        for name in ("X (", "Reddit (", "Mastodon (", "Bluesky (", "SQLite", "loss of power")
    )
    run.tally.parts[RANDOM].wrong["lost"] = 1
    assert "fewer than" not in tell(run)[0]


def outcome(name: str = "x at random") -> Outcome:
    found = [("12", Finding("lost", "reply 3 under 100"))]
    return Outcome(name, 24, 40, 36, 5, found, [("12", "oh")], Counter({"sent": 3}), 2)


def test_what_a_mate_tells_arrives_whole() -> None:
    assert Outcome.from_line(outcome().to_line()) == outcome()


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    run = take_up(tmp_path / "state", 7, "SQLite", PLACES)
    first = list(islice(Torture(read(["--kills", "100"]), run).jobs(), 10))
    for job in first[:9]:
        run.tally.add(job.part, outcome())
        run.done.add(job.name)
    run.keep(tmp_path / "state")
    again = take_up(tmp_path / "state", 7, "SQLite", PLACES)
    assert again == run
    assert next(Torture(read(["--kills", "100"]), again).jobs()) == first[9]
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(("seed", "database"), [(8, "SQLite"), (7, "PostgreSQL")])
def test_a_state_of_another_run_is_refused(tmp_path: Path, seed: int, database: str) -> None:
    Run(7, "SQLite", PLACES).keep(tmp_path / "state")
    with pytest.raises(OtherRun, match="another run"):
        take_up(tmp_path / "state", seed, database, PLACES)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}', "no json"])
def test_a_file_that_holds_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").write_text(text)
    with pytest.raises(OtherRun, match="could go on"):
        take_up(tmp_path / "state", 7, "SQLite", PLACES)


def test_what_one_mate_has_ready_is_left_to_that_mate() -> None:
    on_x, on_reddit = (
        [Job(SYSTEMATIC, group=Group("post", place, name)) for name in ("", "late", "limited")]
        for place in ("x", "reddit")
    )
    desk, chapters = Job(PROCESSES), [Job(RANDOM, number) for number in range(5)]
    over: set[str] = set()
    board = JobBoard(iter([desk, *on_x, *on_reddit, *chapters]), PLACES, lambda job: job.part in over)
    assert board.take(0) == desk
    assert board.take(1) == on_x[0], "whoever is at a desk has nothing ready"
    assert board.take(0) == on_reddit[0], "what is like the first is left to who has it ready"
    assert board.take(1) == on_x[1]
    assert [board.take(0), board.take(0)] == on_reddit[1:]
    assert board.take(0) == chapters[1], "chapters go round the platforms"
    assert board.take(1) == on_x[2]
    assert board.take(1) == chapters[0]
    assert board.take(2) == chapters[2]
    over.add(RANDOM)
    assert board.take(0) == chapters[3], "only what was set aside is looked at again"
    assert board.take(0) is None
    assert board.take(1) is None


def test_it_stops_when_there_were_kills_enough() -> None:
    run = Run(7, "SQLite", PLACES, tally=good())
    assert {job.part for job in Torture(read(["--kills", "2400"]), run).jobs()} == {NAIVE_DOUBLES, NAIVE_LOSES}


@pytest.mark.parametrize(
    "arguments", [["--places", "x,myspace"], ["--database", "mysql://root@db/x"], ["--hands", "0"]]
)
def test_what_cannot_be_done_is_said_at_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_every_group_can_be_named_in_a_recipe() -> None:
    everything = groups(PLACES)
    assert len({group.name for group in everything}) == len(everything) > 500
    for group in everything:
        assert job_of(f"{group.name}#3", PLACES) == Job(SYSTEMATIC, group=group, only=3)
        assert Job.from_line(Job(SYSTEMATIC, group=group, every=4).to_line()).group == group
    assert job_of("12", PLACES) == Job(RANDOM, 12)


def test_every_step_has_its_trial_and_every_pair_of_steps_too() -> None:
    assert [trial.kill_at for trial in trials(Group("post", "x"), 5, 3)] == [1, 2, 3, 4, 5]
    pairs = list(trials(Group("post", "x", again=True), 5, 3))
    assert {(trial.kill_at, trial.again_at) for trial in pairs} == {(a, b) for a in range(1, 6) for b in range(1, 4)}
    assert [trial.number for trial in pairs] == list(range(15))


def test_a_sample_is_always_the_same_and_another_one_in_each_group() -> None:
    every = [Trial(number, number + 1) for number in range(100)]
    chosen = {group: tuple(thinned(group, 10, iter(every))) for group in groups(PLACES)[:40]}
    assert {len(one) for one in chosen.values()} == {10}
    assert len(set(chosen.values())) > 5


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )


def test_one_case_can_be_had_again_from_any_directory(tmp_path: Path) -> None:
    with started(tmp_path, "--only", "x/post#20", "--json") as command:
        told, _ = command.communicate(timeout=100)
    answered: dict[str, Any] = json.loads(told)
    assert command.returncode == 0
    assert (answered["cases"], answered["kills"], answered["duplicates"], answered["lost"]) == (1, 1, 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_keeps_what_was_done(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with started(tmp_path, "--places", "x", "--hands", "1", "--resume", str(state)) as command:
        while not state.exists() and command.poll() is None:
            time.sleep(0.05)
        command.send_signal(signal.SIGINT)
        told, _ = command.communicate(timeout=100)
    assert command.returncode == 130
    assert NAIVE_DOUBLES in told
    assert len(take_up(state, 7, "SQLite", ["x"]).done) >= 1
