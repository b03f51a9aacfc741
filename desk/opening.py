"""Opening the base with its key: a file, made when there is none, or a database on a server."""

from __future__ import annotations

from desk.clock import utc_now
from desk.config import Settings
from desk.errors import Trouble
from desk.secret import open_key
from desk.soundness import check_base, check_key, is_missing, last_claim_of, make_safe
from storage.casebook import Casebook
from storage.engine import BaseUnavailable, Engine, open_engine
from storage.migrate import make, upgrade, version_of
from storage.reading import Reading

Opened = tuple[Casebook, Reading, Engine]


def open_base(settings: Settings) -> Opened:
    """The base and its key, made when neither is there yet. Raises Trouble."""
    try:
        new = is_new(settings)
        key = _key_of(settings, new=new)
        _bring_up_to_date(settings, new=new)
        engine = open_engine(settings.database_url)
        try:
            return _open_casebook(settings, engine, key), Reading(engine), engine
        except BaseException:
            engine.dispose()
            raise
    except BaseUnavailable as unavailable:
        raise Trouble(f"{unavailable.why} ({settings.database_name})") from unavailable


def is_new(settings: Settings) -> bool:
    """Whether there is nothing yet where the base shall be. Raises Trouble when there can be nothing, BaseUnavailable."""
    if settings.on_server:
        from desk.scaled.server import check_libraries

        check_libraries()
        return version_of(settings.database_url).is_empty
    path = settings.database_path
    if not path.parent.is_dir():
        raise Trouble(
            f"The folder {path.parent} for the database is missing. Make it, or change database in [service]."
        )
    return is_missing(settings)


def _open_casebook(settings: Settings, engine: Engine, key: bytes) -> Casebook:
    last_claim = last_claim_of(settings)
    if not settings.on_server:
        casebook = Casebook(engine, key, last_claim=last_claim)
        check_key(settings, casebook)
        make_safe(casebook, last_claim, utc_now())
        return casebook
    from desk.scaled.server import is_its_key
    from desk.scaled.waking import open_wake

    casebook = Casebook(engine, key, open_wake(), last_claim)
    if not is_its_key(casebook, key, utc_now()):
        raise Trouble(
            f"The secret key {settings.key_path} is not the one that belongs to the database {settings.database_name}. "
            "Copy the file from the machine that made the database."
        )
    make_safe(casebook, last_claim, utc_now())
    return casebook


def _key_of(settings: Settings, *, new: bool) -> bytes:
    if not new and not settings.key_path.exists():
        found = (
            "Copy it from the machine that made the database" if settings.on_server else "Put it back from your backup"
        )
        raise Trouble(
            f"The secret key {settings.key_path} that belongs to the database is missing. "
            f"{found}: without it the history cannot be checked."
        )
    return open_key(settings.key_path)


def _bring_up_to_date(settings: Settings, *, new: bool) -> None:
    if not new:
        check_base(settings)
    elif settings.on_server:
        upgrade(settings.database_url)
    else:
        make(settings.database_path)
