"""`make bench` runs, measures what it says, and says what it measured on. Its numbers are nobody's promise: nothing here is timed."""

from __future__ import annotations

import json

import pytest

from torture.bench import main
from torture.benchmarks import WORKS


def test_the_bench_measures_each_work_on_a_real_base_and_says_where(
    capsys: pytest.CaptureFixture[str], postgres_server: str
) -> None:
    main(["--replies", "2", "--polls", "2", "--processes", "1", "--server", postgres_server, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [line["what"] for line in told["lines"]] == [*WORKS, *WORKS]
    assert all(line["per_second"] > 0 and line["median_ms"] > 0 for line in told["lines"])
    assert [
        round(line["commits_per_second"] / line["per_second"]) for line in told["lines"] if line["what"] == "replies"
    ] == [3, 3]
    assert told["databases"][0].startswith("SQLite")
    assert "synchronous=2" in told["databases"][0], "FULL: what is committed is on disk"
    assert "fsync=" in told["databases"][1]
    assert told["command"].startswith("python -m torture.bench --replies 2")
    assert "Python" in told["machine"]


def test_the_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    from torture.bench import Line, show

    show([Line("replies", "SQLite", 4, 123.4, 370.2, 5.6, 7.8)], {"machine": "a machine", "databases": ["SQLite, synchronous=2"], "command": "bench"})  # fmt: skip
    told = capsys.readouterr().out
    for number in ("123", "30.9", "370"):
        assert number in told
    assert "a machine" in told
