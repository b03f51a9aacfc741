"""Bases to torture: one in use, and any number of scenes to begin from, kept as copies. SQLite as files, PostgreSQL as databases."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, make_url, text

from storage.migrate import upgrade


class Bases(Protocol):
    """Where bases are kept. Nobody may be connected to the base in use when a scene is kept or taken."""

    url: str  # of the base in use; the same for ever

    def keep(self, scene: str) -> None:
        """Keep the base in use, as it is now, under a name."""
        ...

    def take(self, scene: str) -> None:
        """Make the base in use a copy of a scene."""
        ...

    def close(self) -> None:
        """Take everything away."""
        ...


class Files:
    """SQLite, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used = folder / "used.sqlite"
        self.url = f"sqlite:///{self._used}"
        upgrade(self.url)
        self.keep("empty")

    def keep(self, scene: str) -> None:
        """See Bases.keep."""
        with closing(sqlite3.connect(self._used)) as used, closing(sqlite3.connect(self._scene(scene))) as kept:
            used.backup(kept)

    def take(self, scene: str) -> None:
        """See Bases.take."""
        for end in ("-wal", "-shm"):
            self._used.with_name(self._used.name + end).unlink(missing_ok=True)
        shutil.copyfile(self._scene(scene), self._used)

    def close(self) -> None:
        """See Bases.close. The folder is its owner's."""

    def _scene(self, scene: str) -> Path:
        return self._folder / f"scene-{scene}.sqlite"


class Databases:
    """PostgreSQL, as databases of our own on the server that a URL leads to; any database of it will do to ask from."""

    def __init__(self, server: str) -> None:
        self._server = make_url(server)
        if self._server.get_backend_name() != "postgresql":
            raise ValueError(f"{self._server.get_backend_name()} is no kind of database that Amends runs on")
        self._name = f"amends_torture_{secrets.token_hex(6)}"
        self._scenes: set[str] = set()
        self._asking = create_engine(server, isolation_level="AUTOCOMMIT")
        self.url = self._server.set(database=self._name).render_as_string(hide_password=False)
        self._ask(f"CREATE DATABASE {self._name}")
        upgrade(self.url)
        self.keep("empty")

    def keep(self, scene: str) -> None:
        """See Bases.keep."""
        self._drop(self._of(scene))
        self._leave()
        self._ask(f"CREATE DATABASE {self._of(scene)} TEMPLATE {self._name}")
        self._scenes.add(scene)

    def take(self, scene: str) -> None:
        """See Bases.take."""
        self._drop(self._name)
        self._ask(f"CREATE DATABASE {self._name} TEMPLATE {self._of(scene)}")

    def close(self) -> None:
        """See Bases.close."""
        for name in (self._name, *(self._of(scene) for scene in self._scenes)):
            self._drop(name)
        self._asking.dispose()

    def _of(self, scene: str) -> str:
        return f"{self._name}_{scene}".replace("-", "_").replace(" ", "_")

    def _drop(self, name: str) -> None:
        self._ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _leave(self) -> None:
        # A server notices a moment late that a client is gone.
        self._ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name", name=self._name)

    def _ask(self, question: str, **values: str) -> None:
        with self._asking.connect() as connection:
            connection.execute(text(question), values)


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """The URL of a new, empty database on a PostgreSQL server; it is dropped at the end."""
    name = f"amends_torture_{secrets.token_hex(6)}"
    asking = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with asking.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with asking.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        asking.dispose()


def open_bases(server: str | None, folder: Path) -> Bases:
    """Bases on a PostgreSQL server, or (None) as SQLite files in `folder`. Raises ValueError for any other kind."""
    return Files(folder) if server is None else Databases(server)
