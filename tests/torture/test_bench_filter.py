"""`make bench` measures the filter on real posts and a real base, and says on what. Its numbers are nobody's promise: nothing here is timed."""

from __future__ import annotations

import json

import pytest

from monitor.filter.second_look import is_installed
from torture.bench_filter import Memory, Rate, main, show


def test_every_stage_and_the_whole_intake_are_measured_beside_vader(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--texts", "120", "--deep", "2", "--json"])
    told = json.loads(capsys.readouterr().out)
    by_name = {rate["what"].partition(":")[0]: rate for rate in told["rates"]}
    assert list(by_name) == [
        "VADER alone", "first look", "first look, where it has met the words before",
        *(["both looks"] if is_installed() else []), "whole intake",
    ]  # fmt: skip
    assert all(rate["per_second"] > 0 and rate["beside_vader"] > 0 for rate in told["rates"])
    assert by_name["whole intake"]["raised"] == by_name["first look"]["raised"] > 10
    assert [one["megabytes"] > 20 for one in told["memory"]] == [True] * len(told["memory"])
    assert told["command"] == "python -m torture.bench_filter --texts 120 --deep 2 --json"
    assert "Python" in told["machine"]


def test_the_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    said = {"machine": "a machine", "command": "bench", "letters_a_text": 154}
    show([Rate("first look", 6_000, 6_543.2, 0.321, 2_345)], [Memory("the service", 123.4)], said)
    told = capsys.readouterr().out
    for words in ("6,543", "0.321", "2,345", "the service: 123 MB", "154 letters", "a machine"):
        assert words in told
