"""Bringing a base to the present shape with Alembic, from a checkout or an installed wheel."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from storage.engine import explained, open_engine, reading, set_wal


def upgrade(url: str) -> None:
    """Migrate to the newest revision. Harmless when already there. Raises BaseUnavailable."""
    engine = open_engine(url)
    try:
        with explained():
            set_wal(engine)
            command.upgrade(_config(engine), "head")
    finally:
        engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Go back to `revision` ("base": nothing left). Raises BaseUnavailable."""
    engine = open_engine(url)
    try:
        with explained():
            command.downgrade(_config(engine), revision)
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the base is at the newest revision."""
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            present = MigrationContext.configure(connection).get_current_revision()
        return present == ScriptDirectory.from_config(_config(engine)).get_current_head()
    finally:
        engine.dispose()


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
