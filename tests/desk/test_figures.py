"""The README's figures come from a command that prints them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desk.cli import run


def test_the_figures_are_measured_on_a_real_import_and_a_real_inbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "reviews.tsv"
    rows = [f"Terrible, order {n} came late and the bread was burnt" for n in range(20)]
    file.write_text("text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert run(["figures", str(file), "--visits", "5"]) == 0
    told = capsys.readouterr().out
    assert "| rows imported | 20 of 20 |" in told
    assert "| cases raised | 20 |" in told
    assert len(re.findall(r"\| inbox page, .* within \| \d+ ms \|", told)) == 2
    assert list(tmp_path.iterdir()) == [file], "nothing is left behind"


def test_a_file_without_a_complaint_measures_no_inbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "reviews.tsv"
    file.write_text("text\nLovely cakes, thank you so much\n", encoding="utf-8")
    assert run(["figures", str(file)]) == 2
    assert "without a case" in capsys.readouterr().err
