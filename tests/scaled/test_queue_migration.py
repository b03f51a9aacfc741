"""The queue's tables come and go with their migration, on PostgreSQL and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from procrastinate.schema import migrations_path

from storage.engine import BaseUnavailable, open_engine
from storage.migrate import downgrade, is_current, upgrade

EVERYTHING = """
    SELECT 'relation', relname::text FROM pg_class WHERE relname LIKE '%%procrastinate%%'
    UNION ALL SELECT 'function', proname::text FROM pg_proc WHERE proname LIKE '%%procrastinate%%'
    UNION ALL SELECT 'type', typname::text FROM pg_type WHERE typname LIKE '%%procrastinate%%'
    ORDER BY 1, 2
"""


def queue_of(url: str) -> list[tuple[str, str]]:
    """Everything in the database that belongs to the queue."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return [(str(kind), str(name)) for kind, name in connection.exec_driver_sql(EVERYTHING, ())]
    finally:
        engine.dispose()


def test_the_queue_comes_goes_and_comes_again(migrated_postgres_url: str) -> None:
    made = queue_of(migrated_postgres_url)
    assert ("relation", "procrastinate_jobs") in made
    downgrade(migrated_postgres_url, "0003")
    assert queue_of(migrated_postgres_url) == []
    upgrade(migrated_postgres_url)
    assert queue_of(migrated_postgres_url) == made
    downgrade(migrated_postgres_url, "base")
    assert queue_of(migrated_postgres_url) == []
    upgrade(migrated_postgres_url)
    assert is_current(migrated_postgres_url)


def test_the_queue_goes_also_with_jobs_in_it(migrated_postgres_url: str) -> None:
    engine = open_engine(migrated_postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('amends', 'post')")
    engine.dispose()
    downgrade(migrated_postgres_url, "0003")
    assert queue_of(migrated_postgres_url) == []


def test_a_file_has_no_queue(migrated_sqlite_url: str) -> None:
    engine = open_engine(migrated_sqlite_url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name LIKE '%procrastinate%'").all()
    engine.dispose()
    assert found == []


def test_without_its_library_the_migration_says_what_to_install_and_does_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "procrastinate.schema", None)
    with pytest.raises(BaseUnavailable, match=r'pip install "amends\[scale\]"'):
        upgrade(postgres_url)
    monkeypatch.undo()
    upgrade(postgres_url)
    assert is_current(postgres_url)


def test_the_library_brings_the_schema_that_the_migration_was_written_for() -> None:
    newest = max(path.name for path in Path(migrations_path).glob("*.sql"))
    assert newest.startswith("03.04.00_"), (
        "a newer schema needs a migration of its own: see alembic/versions/0004_queue.py"
    )
