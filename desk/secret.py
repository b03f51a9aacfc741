"""Secrets come from the environment, or from files that the environment names; never from the config file."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from desk.errors import Trouble

SECRETS: Mapping[str, str] = {
    "X_BEARER_TOKEN": "X: the app's bearer token. With it alone X can be searched, and nothing posted.",
    "X_API_KEY": "X: the app's API key.",
    "X_API_KEY_SECRET": "X: the app's API key secret.",
    "X_ACCESS_TOKEN": "X: the access token of your account.",
    "X_ACCESS_TOKEN_SECRET": "X: the access token secret of your account.",
    "REDDIT_CLIENT_ID": "Reddit: the id of your script app.",
    "REDDIT_CLIENT_SECRET": "Reddit: the app's secret.",
    "REDDIT_PASSWORD": "Reddit: the password of your account there.",
    "DATABASE_URL": "The PostgreSQL server's address with its password; it wins over `database` in `[service]`.",
    "MASTODON_ACCESS_TOKEN": "Mastodon: the access token of an application of your account there.",
    "BLUESKY_APP_PASSWORD": "Bluesky: an app password, made there under Settings, App passwords.",
    "MAIL_PASSWORD": "The password at the mail server.",
    "OWNER_PASSWORD": "The password for `amends init` and `amends person`, instead of being asked.",
}
"""Every secret there is, without the AMENDS_ in front, and what it opens."""

KEY_BYTES = 32
LOOKS_SECRET = re.compile(
    r"passw|passphrase|secret|token|bearer|api_?key|consumer_?key|credential|private_?key", re.IGNORECASE
)


def variable(name: str, brand: str = "") -> str:
    """The environment variable that holds a secret: `AMENDS_X_BEARER_TOKEN`, or a brand's own `AMENDS_ROSEBAKERY_X_BEARER_TOKEN`."""
    return "_".join(["AMENDS", *([re.sub(r"\W", "_", brand)] if brand else []), name]).upper()


def find_secret(name: str, environ: Mapping[str, str], brand: str = "") -> str | None:
    """The secret called `name`, the brand's own first, then the shared one; None when nobody set it.

    Raises Trouble when a `*_FILE` names a file that cannot be read or is empty.
    """
    names = [variable(name, brand), variable(name)] if brand else [variable(name)]
    for candidate in names:
        if path := environ.get(f"{candidate}_FILE"):
            return _read(candidate, Path(path))
        if value := environ.get(candidate, "").strip():
            return value
    return None


def _read(name: str, path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{name}_FILE names {path}, which cannot be read: {_why(error)}.") from error
    if not value:
        raise Trouble(f"{name}_FILE names {path}, which is empty.")
    return value


def _why(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not a text file"


def open_key(path: Path) -> bytes:
    """The key of the history's chain: 32 random bytes in a file only its owner may read, made at the first start.

    Raises Trouble when others may read the file, when it is damaged, or when it can be neither read nor made.
    """
    try:
        with contextlib.suppress(FileExistsError):
            return _make_key(path)
    except OSError as error:
        raise Trouble(
            f"The secret key {path} cannot be made: {_why(error)}. Does its folder exist, and may you write there?"
        ) from error
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Trouble(f"Others on this computer may read the secret key {path}. Close it with: chmod 600 {path}")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise Trouble(f"The secret key {path} cannot be read: {_why(error)}.") from error
    except ValueError as error:
        raise Trouble(
            f"The secret key {path} is damaged. Put the file back from your backup; a new one cannot check the old history."
        ) from error
    if len(key) != KEY_BYTES:
        raise Trouble(
            f"The secret key {path} is damaged. Put the file back from your backup; a new one cannot check the old history."
        )
    return key


def _make_key(path: Path) -> bytes:
    """Written beside and linked into place, so that two first starts at once agree on one whole key."""
    key = secrets.token_bytes(KEY_BYTES)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if path.exists():
        raise FileExistsError(path)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return key
