"""Where everything is kept: a file beside the settings, or a database on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from desk.errors import Trouble
from desk.secret import find_secret, variable

SECRET = "DATABASE_URL"  # noqa: S105 - the name of a secret, not a secret
FILE, SERVER = "sqlite:///", ("postgresql://", "postgres://")
NO_PASSWORD = (
    "a password does not belong in this file. Leave it out, and put the whole address into the environment as "
    f"{variable(SECRET)}, or a file's name into {variable(SECRET)}_FILE"
)
INSTEAD = 'name a file, such as "amends.sqlite", or a server, such as "postgresql://amends@db.example.com/amends"'


def on_server(written: str) -> bool:
    """Whether this means a database on a server, and not a file."""
    return written.startswith(SERVER)


def check_database(written: str) -> str:
    """A file's name, sqlite:/// and a file's name, or a server's address without a password. Raises ValueError."""
    if not on_server(written):
        if "://" in written and not written.startswith(FILE):
            raise ValueError(INSTEAD)
        return written
    if _has_password(written):
        raise ValueError(NO_PASSWORD)
    return check_address(written)


def check_address(url: str) -> str:
    """A server's address with the name of a database, in the form that every library takes. Raises ValueError."""
    try:
        parts = urlsplit(url)
        named = parts.path.strip("/")
        _ = parts.port
    except ValueError:
        raise ValueError(INSTEAD) from None
    if not on_server(url) or not named or "/" in named or parts.fragment:
        raise ValueError(INSTEAD)
    return f"{SERVER[0]}{url.partition('://')[2]}"


def find_address(environ: Mapping[str, str]) -> str | None:
    """The address that the environment gives, which wins over the file's; it may hold a password. Raises Trouble, which does not tell it."""
    given = find_secret(SECRET, environ)
    if given is None:
        return None
    try:
        return check_address(given)
    except ValueError:
        raise Trouble(
            f"{variable(SECRET)} is not a server's address. Write it as postgresql://name:password@host/database, "
            "and signs such as # or @ in the password as %23 or %40"
        ) from None


def without_password(url: str) -> str:
    """The address as it may be shown to people."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}"


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.password is not None or any(name == "password" for name, _ in parse_qsl(parts.query))
