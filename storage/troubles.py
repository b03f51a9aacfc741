"""What a database's error means for the owner: a sentence that says what to do, for SQLite's words and PostgreSQL's codes."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError


class BaseUnavailable(Exception):
    """The database could not be used; nothing was changed, unless `why` says otherwise. `why` is for the owner."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Doubtful(BaseUnavailable):
    """Nobody can tell whether it was done: the trouble came while it was being saved."""


class Interrupted(BaseUnavailable):
    """Nothing was changed, and the very same may be tried again at once: a deadlock, or a server that is just starting."""


_READ_ONLY = "The database cannot be written: its file or folder is read-only. Make it writable for the service."
_FULL = "The database cannot be written: the disk is full. Free some space; nothing was lost."
_UNREADABLE = "The database cannot be read: the disk refuses. Look whether it is failing or was taken away."
_REFUSES = "The database cannot be written: the disk refuses. Look whether it is full, at its quota or failing; nothing was lost."
BUSY = "The database is busy: something else has held it for too long. Try again in a moment."
_UNPREPARED = "The database has not been prepared for this version. Run: amends migrate"
_DAMAGED = "The database file is damaged or not a database. Restore your newest backup: amends restore FILE"
_AWAY = (
    "The database server does not answer. Look whether PostgreSQL is running, and whether its address is right "
    "(AMENDS_DATABASE_URL, or database in [service])."
)
_BROKE = "The connection to the database broke; nothing was changed. Try again in a moment."
_CROWDED = (
    "The database server takes no more connections. Close other programs that use it, or raise its max_connections."
)
_KEPT_OUT = "The database server does not let us in: the user name or the password is wrong (AMENDS_DATABASE_URL)."
_MISSING = "There is no such database on the server. Make it with createdb, or correct its name (AMENDS_DATABASE_URL)."
_CLOSED = "The database server lets nobody into the database just now. Its administrator knows why; it is tried again."
_MAY_NOT = "Our database user may not do this. Make it the owner of the database."
_STANDBY = (
    "The database cannot be written: its server is read-only, as a standby is. Give us the one that takes writes."
)

_BY_CODE = {
    "08": _BROKE,
    "25006": _STANDBY,
    "25P03": _BROKE,
    "28": _KEPT_OUT,
    "3D000": _MISSING,
    "40": BUSY,
    "42501": _MAY_NOT,
    "42P01": _UNPREPARED,
    "42703": _UNPREPARED,
    "3F000": _UNPREPARED,
    "53100": _FULL,
    "53200": "The database server is out of memory. Give it more, or close other programs there; nothing was lost.",
    "53300": _CROWDED,
    "55P03": BUSY,
    "57014": "The database took too long to answer, and was stopped; nothing was changed. Try again in a moment.",
    "57P01": _BROKE,
    "57P02": _BROKE,
    "57P03": "The database server is just starting or ending. Try again in a moment.",
    "58": "The disk of the database server fails. Look into its log; nothing was changed.",
    "XX001": "The database is damaged. Restore it from a backup.",
    "XX002": "The database is damaged. Restore it from a backup.",
}
"""By SQLSTATE, or its first two characters (PostgreSQL, appendix A)."""

_STARTING = ("starting up", "shutting down", "in recovery mode", "not yet accepting")
_REFUSED = ("connection refused",)

_BY_WORDS = (
    # Before a connection stands there are no codes, only words.
    (("too many clients", "remaining connection slots", "too many connections"), _CROWDED),
    (("password authentication failed", "no pg_hba.conf entry", "no password supplied", 'role "'), _KEPT_OUT),
    (("not currently accepting connections",), _CLOSED),
    (('database "',), _MISSING),
    (_STARTING, _BY_CODE["57P03"]),
    ((*_REFUSED, "connection failed", "failed to resolve host", "timeout expired"), _AWAY),
    # SQLite
    (("readonly", "read-only"), _READ_ONLY),
    (("is full",), _FULL),
    (("unable to open",), "The database file cannot be opened. Check that its folder exists and may be written."),
    (("locked",), BUSY),
    (("no such table", "no such column"), _UNPREPARED),
    (("malformed", "not a database"), _DAMAGED),
)

_REPEATED = frozenset({"40001", "40P01", "57P01", "57P02", "57P03", "25P03"})
"""Serialization failure, deadlock, and a server that restarts or ended the session: nothing was stored, the same may be tried again."""


def unavailable(error: BaseException | None, *, lost: bool = False) -> BaseUnavailable:
    """The error that tells the owner. `lost`: the connection broke before anything was saved."""
    kind = Interrupted if lost or may_repeat(error) else BaseUnavailable
    return kind(what_it_means(error, lost=lost))


def code_of(error: BaseException | None) -> str:
    """The SQLSTATE of a PostgreSQL error; empty where it has none."""
    return str(getattr(error, "sqlstate", None) or "")


def what_it_means(error: BaseException | None, *, lost: bool = False) -> str:
    """The sentence for the owner. `lost`: the connection broke."""
    code, said = code_of(error), str(error).lower()
    by_code = _BY_CODE.get(code) or _BY_CODE.get(code[:2])
    if by_code:
        return by_code
    if lost:
        return _BROKE
    if (
        "i/o error" in said
    ):  # SQLite has one word for all trouble with the disk; its longer name tells reading from writing
        return _UNREADABLE if "READ" in getattr(error, "sqlite_errorname", "") else _REFUSES
    for words, meaning in _BY_WORDS:
        if any(word in said for word in words):
            return meaning
    return f"The database cannot be used: {error}"


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, so that nobody can tell what the server made of the last words."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_no_mistake(error: BaseException | None) -> bool:
    """Whether a statement that was refused is right all the same: its table is not there yet, or our user may not."""
    return code_of(error) in ("42P01", "42703", "3F000", "42501") or "no such table" in str(error).lower()


def may_repeat(error: BaseException | None) -> bool:
    """Whether nothing was stored and the very same may work when tried again at once."""
    if code_of(error) in _REPEATED:
        return True
    return any(word in str(error).lower() for word in (*_STARTING, *_REFUSED))
