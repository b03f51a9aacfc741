"""Ana takes a file of old complaints in, and tries one out without keeping anything."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from desk.cli import run
from desk.config import Settings
from desk.importing import AT_ONCE, import_rows
from desk.wiring import House

ROWS = (
    ("1", "The bread was burnt and nobody at Rose Bakery cared. Terrible.", "1"),
    ("2", "Lovely cakes, thank you so much!", "5"),
    ("3", "Ужасное обслуживание, хлеб был сгоревший", "1"),
)


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of Ana's own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AMENDS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three rows, two of them complaints."""
    path = tmp_path / "reviews.csv"
    lines = ["id,text,rating"] + [f'{number},"{text}",{rating}' for number, text, rating in ROWS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> None:
    """A config file with one brand."""
    text = '[service]\nlog_level = "error"\n[[brand]]\nkey = "rosebakery"\nname = "Rose Bakery"\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("config")
def test_a_file_is_taken_in_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(file)]) == 0
    assert "3 new, 0 known already, 0 refused" in capsys.readouterr().out
    assert run(["import", str(file)]) == 0
    assert "0 new, 3 known already" in capsys.readouterr().out
    assert run(["cases"]) == 0
    assert "2 need an answer" in capsys.readouterr().out


@pytest.mark.usefixtures("config")
def test_store_only_keeps_the_rows_and_raises_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(file), "--store-only"]) == 0
    assert "3 new" in capsys.readouterr().out
    assert run(["cases"]) == 0
    assert "0 need an answer" in capsys.readouterr().out


@pytest.mark.usefixtures("config")
def test_a_refused_row_is_named_with_its_reason_and_costs_only_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"id": 1, "text": ROWS[0][1]},
        {"id": 2, "text": ""},
        {"id": 3, "text": "late bread", "date": "yesterday-ish"},
    ]
    lines = [json.dumps(row) for row in rows] + ["{ no json", "\x1b[2J"]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run(["import", "rows.jsonl"]) == 0
    told = capsys.readouterr()
    assert "1 new" in told.out
    assert "4 refused" in told.out
    for number in (2, 3, 4, 5):
        assert f"row {number} refused: " in told.err
    assert "\x1b[2J" not in told.err


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nothing.csv"),
        (b"\xff\xfei\x00d\x00", "UTF-16"),
        (b"PK\x03\x04spreadsheet", "CSV"),
        (b"id,date\n1,2\n", "text"),
    ],
)
def test_a_file_that_is_no_table_of_texts_is_told(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nothing.csv").write_bytes(content)
    assert run(["import", "nothing.csv"]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.strip().count("\n") == 0


@pytest.mark.usefixtures("config")
def test_a_missing_file_and_an_unknown_brand_are_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "gone.csv"]) == 2
    assert "no file gone.csv" in capsys.readouterr().err
    assert run(["import", str(file), "--brand", "pixelfix"]) == 2
    assert "Known: rosebakery" in capsys.readouterr().err


def test_many_rows_are_taken_in_batches_and_counted_as_they_go(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "many.tsv"
    many = 2 * AT_ONCE + 1
    path.write_text(
        "text\n" + "".join(f"the loaf number {n} was burnt, awful\n" for n in range(many)), encoding="utf-8"
    )
    told: list[int] = []
    done = import_rows(house, path, house.brands["rosebakery"], "import", store_only=True, told=told.append)
    assert told == [AT_ONCE, 2 * AT_ONCE, many]
    assert (done.rows, done.found, done.raised) == (many, many, 0)


def test_trying_asks_for_no_set_up_and_leaves_nothing_behind(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(tmp_path.iterdir())
    assert run(["try", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.count("because: ") >= 3
    assert "complaint" in told
    assert "praise" in told
    assert "proposal 1: " in told
    assert set(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("config")
def test_trying_with_a_config_leaves_no_base_behind(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["try", str(file), "--limit", "1"]) == 0
    assert capsys.readouterr().out.count("because: ") >= 1
    assert not (tmp_path / "amends.sqlite").exists()
    assert run(["try", str(file), "--brand", "pixelfix"]) == 2
