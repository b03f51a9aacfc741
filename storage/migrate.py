"""Bringing a base to the present shape with Alembic, from a checkout or an installed wheel."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from storage.engine import BaseUnavailable, explained, open_engine, reading, set_wal


@dataclass(frozen=True, slots=True)
class Version:
    """Which shape a base has: `present` is its revision, "" when it has none, `newest` the one that this program knows."""

    present: str
    newest: str
    known: frozenset[str]
    is_empty: bool

    @property
    def is_current(self) -> bool:
        """Whether this program and the base fit each other."""
        return self.present == self.newest

    @property
    def is_newer(self) -> bool:
        """Whether a newer program has been here, of whose shape this one knows nothing."""
        return bool(self.present) and self.present not in self.known


class TooNew(BaseUnavailable):
    """A newer program has migrated this base. Nothing was changed in it, and nothing must be."""

    def __init__(self, version: Version) -> None:
        super().__init__(
            f"The database was made by a newer Amends: it is at version {version.present}, and this program knows versions "
            f"up to {version.newest}. Nothing was changed. Install the newer Amends, or restore a backup that this one made."
        )


def upgrade(url: str) -> None:
    """Migrate to the newest revision. Harmless when already there. Raises BaseUnavailable; TooNew before anything is written."""
    engine = open_engine(url)
    try:
        with explained():
            _make_file(engine)
            version = _version(engine)
            if version.is_newer:
                raise TooNew(version)
            set_wal(engine)
            command.upgrade(_config(engine), "head")
    finally:
        engine.dispose()


def _make_file(engine: Engine) -> None:
    """Opening never makes a file; this does, for us alone: what customers wrote is in it."""
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name and ":memory:" not in name:
        try:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise BaseUnavailable(f"The database cannot be made: {(error.strerror or str(error)).lower()}.") from error


def make(path: Path) -> None:
    """A new SQLite base at `path`, whole from the first moment it is there. One that is there already is left alone.

    An empty file is no base, and is replaced. Raises BaseUnavailable.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size == 0:
                path.unlink()
        upgrade(f"sqlite:///{draft}")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise BaseUnavailable(f"The database cannot be made: {(error.strerror or str(error)).lower()}.") from error
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)


def downgrade(url: str, revision: str) -> None:
    """Go back to `revision` ("base": nothing left). Raises BaseUnavailable."""
    engine = open_engine(url)
    try:
        with explained():
            command.downgrade(_config(engine), revision)
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the base is at the newest revision. Raises BaseUnavailable."""
    return version_of(url).is_current


def version_of(url: str) -> Version:
    """Which shape a base has. Raises BaseUnavailable."""
    engine = open_engine(url)
    try:
        return _version(engine)
    finally:
        engine.dispose()


def _version(engine: Engine) -> Version:
    with reading(engine) as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        is_empty = not inspect(connection).get_table_names()
    script = ScriptDirectory.from_config(_config(engine))
    known = frozenset(one.revision for one in script.walk_revisions())
    return Version(present or "", script.get_current_head() or "", known, is_empty)


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def scripts() -> Path:
    """Where the revisions are: beside this file in a wheel, one folder up in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "_migrations"
    return installed if installed.is_dir() else here.parent / "alembic"
