"""Passwords: argon2id at its library's own cost, at most two at once, and the same work for people we do not know."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 200
AT_ONCE = 2  # 64 MiB each
WAITING = 6

_hasher = PasswordHasher()  # argon2id, 64 MiB, 3 passes, 4 lanes: RFC 9106's second choice
_running = threading.BoundedSemaphore(AT_ONCE)
_places = threading.BoundedSemaphore(AT_ONCE + WAITING)


class Busy(Exception):
    """Too many people sign in at this moment."""


def find_fault(password: str) -> str | None:
    """What is wrong with a new password, as a sentence; None when nothing is."""
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Four unrelated words make a good password."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if len(set(password)) < 5:
        return "Use more than a few different characters."
    return None


def hash_password(password: str) -> str:
    """The password's hash, to be stored. Raises Busy."""
    with _turn():
        return _hasher.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password fits the stored hash. None, for an unknown person, takes as long as a wrong password. Raises Busy."""
    with _turn():
        try:
            _hasher.verify(stored or _dummy(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None


@contextmanager
def _turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Busy
    try:
        with _running:
            yield
    finally:
        _places.release()


_DUMMY: list[str] = []


def _dummy() -> str:
    if not _DUMMY:
        _DUMMY.append(_hasher.hash("nobody has this password"))
    return _DUMMY[0]
