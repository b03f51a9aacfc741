"""The databases that tests are given: fresh, of both kinds, dropped after use, and never a server started as root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from storage.engine import BaseUnavailable, open_engine, reading, writing
from storage.migrate import is_current
from tests.databases import find_server, fresh_database


def test_both_kinds_of_base_are_migrated_and_empty(any_url: str) -> None:
    assert is_current(any_url)
    engine = open_engine(any_url)
    with writing(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM cases")).scalar_one() == 0
        connection.execute(text("INSERT INTO leases (name, holder, until) VALUES ('a', 'b', '2026-11-22 12:00:00')"))
    engine.dispose()


def test_a_fresh_database_is_empty_and_gone_afterwards_even_with_somebody_still_in_it(postgres_server: str) -> None:
    with fresh_database(postgres_server) as url:
        engine = open_engine(url)
        with reading(engine) as connection:
            found = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one()
            assert found == 0
            name = make_url(url).database
    left = open_engine(postgres_server)
    with reading(left) as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM pg_database WHERE datname = :n"), {"n": name}).scalar() == 0
        )
    left.dispose()
    with pytest.raises(BaseUnavailable), reading(engine):
        pytest.fail("the database is gone")
    engine.dispose()


def test_as_root_no_server_is_ever_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert find_server(tmp_path / "postgres") is None
    assert not (tmp_path / "postgres").exists()


def test_a_server_that_is_named_is_the_one_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://amends@db.example/postgres")
    assert find_server(tmp_path / "postgres") == "postgresql://amends@db.example/postgres"
