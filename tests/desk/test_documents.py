"""The pages of docs/ that are made from the code say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.cli import app
from desk.config import Settings
from desk.documents import PAGES, commands_page, config_page, main, stale_pages, states_page, write_pages
from desk.secret import SECRETS
from storage.lifecycle import CASE_MOVES, REPLY_MOVES


def test_no_page_is_stale() -> None:
    assert stale_pages() == (), "run: python -m desk.documents"


def test_a_changed_page_is_found_and_written_anew(tmp_path: Path) -> None:
    assert set(stale_pages(tmp_path)) == set(PAGES)
    write_pages(tmp_path)
    assert stale_pages(tmp_path) == ()
    (tmp_path / "states.md").write_text("by hand", encoding="utf-8")
    assert stale_pages(tmp_path) == ("states.md",)


def test_every_state_and_every_move_stands_on_the_page() -> None:
    page = states_page()
    for moves in (CASE_MOVES, REPLY_MOVES):
        for state, after in moves.items():
            assert f"| **{state}** |" in page
            for one in after:
                assert f"    {state} --> {one}\n" in page


def test_every_section_and_every_secret_stands_on_the_page() -> None:
    page = config_page()
    for name in Settings.model_fields:
        assert f"[{name}]" in page
    for name in SECRETS:
        assert f"`AMENDS_{name}`" in page


def test_every_command_stands_on_the_page_with_its_options() -> None:
    page = commands_page()
    for info in app.registered_commands:
        assert f"## `amends {info.name}`" in page
    for option in ("`--config`, `-c`", "`--store-only`", "`--preview`", "`--fresh`", "`FILE`"):
        assert option in page


def test_what_is_typed_wrong_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err
