"""Measuring on a labelled file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.filter.evaluate import Unreadable, evaluate

LABELLED = """text\tlabel
My cake never arrived and nobody answers the phone\tcomplaint
Waited two hours, "never again"\tcomplaint
Bread was there at noon\tcomplaint
Lovely cakes, thank you\tother
Opening hours on Sunday?\tother
"""


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.tsv"
    path.write_text(LABELLED, encoding="utf-8")
    return path


def test_the_table_counts_right(labelled: Path) -> None:
    table = evaluate(labelled, "en")
    ours = table.scores[0]
    assert (table.texts, table.positive) == (5, 0.6)
    assert (ours.precision, round(ours.recall, 3), ours.f1) == (1.0, 0.667, 0.8)
    assert table.scores[-1].recall == 1.0


def test_the_table_is_shown_with_vader_beside_us(labelled: Path) -> None:
    shown = str(evaluate(labelled, "en"))
    assert "VADER alone" in shown
    assert "0.800" in shown


def test_commas_and_quotes_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text('label,text\ncomplaint,"Stale bread, again"\nother,"Nice"\n', encoding="utf-8")
    assert evaluate(path, "en").scores[0].f1 == 1.0


@pytest.mark.parametrize("content", ["", "words\nno columns here\n", "text\tlabel\n"])
def test_a_file_that_cannot_be_measured_with_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Unreadable, match=r"odd\.tsv"):
        evaluate(path, "en")
