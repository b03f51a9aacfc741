"""People and their sessions. A session's token is known to the browser alone; the base holds its hash."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.casebook.shelf import Shelf, new_id
from storage.engine import BaseUnavailable
from storage.tables import people, sessions
from storage.views import Person

SEEN_EVERY = timedelta(minutes=1)
"""A session's last sight is written at most this often, so that looking at pages does not write all the time."""


class People(Shelf):
    """Writes people and sessions."""

    __slots__ = ()

    def add(self, email: str, name: str, role: str, password_hash: str, now: datetime) -> int:
        """A new person's id. Raises ValueError when the address is taken."""
        try:
            with self._writing() as connection:
                added = connection.execute(
                    insert(people).values(
                        email=email.strip().lower(),
                        name=name.strip(),
                        role=role,
                        password_hash=password_hash,
                        added_at=now,
                    )
                )
                return new_id(added)
        except IntegrityError as error:
            raise ValueError(f"There is already an account for {email.strip().lower()}.") from error

    def by_email(self, email: str) -> Person | None:
        """The person with this address."""
        return self._one(people.c.email == email.strip().lower())

    def get(self, person_id: int) -> Person | None:
        """The person with this id."""
        return self._one(people.c.id == person_id)

    def all(self) -> tuple[Person, ...]:
        """Everybody, in the order they came."""
        with self._reading() as connection:
            rows = connection.execute(select(people).order_by(people.c.id)).all()
        return tuple(_person(row) for row in rows)

    def set_password(self, person_id: int, password_hash: str) -> None:
        """A new password; every session of this person ends."""
        with self._writing() as connection:
            connection.execute(update(people).where(people.c.id == person_id).values(password_hash=password_hash))
            connection.execute(delete(sessions).where(sessions.c.person_id == person_id))

    def set_role(self, person_id: int, role: str) -> None:
        """A new role; it counts from the next request on."""
        with self._writing() as connection:
            connection.execute(update(people).where(people.c.id == person_id).values(role=role))

    def open_session(self, person_id: int, now: datetime, idle: timedelta, absolute: timedelta) -> str:
        """Sign a person in; gives the token for the cookie. Ended sessions are swept on the way."""
        token = secrets.token_urlsafe(32)
        with self._writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.ends_at < now))
            connection.execute(
                insert(sessions).values(
                    token_hash=_hash(token),
                    person_id=person_id,
                    opened_at=now,
                    last_seen_at=now,
                    idle_seconds=int(idle.total_seconds()),
                    ends_at=now + absolute,
                )
            )
        return token

    def person_for(self, token: str, now: datetime) -> Person | None:
        """Who holds this token, or None when it is unknown, idle for too long or past its end."""
        here = sessions.c.token_hash == _hash(token)
        with self._reading() as connection:
            row = connection.execute(
                select(people, sessions.c.last_seen_at, sessions.c.idle_seconds, sessions.c.ends_at)
                .join(sessions, sessions.c.person_id == people.c.id)
                .where(here)
            ).one_or_none()
        if row is None or row.ends_at <= now:
            return None
        quiet = abs(now - row.last_seen_at)  # a sight later than now was under another clock: how long ago is not known
        if quiet > timedelta(seconds=row.idle_seconds):
            return None
        if quiet > SEEN_EVERY:
            # On a base that cannot be written people may still look; they are only signed out earlier.
            with suppress(BaseUnavailable), self._writing() as connection:
                connection.execute(update(sessions).where(here).values(last_seen_at=now))
        return _person(row)

    def close_session(self, token: str) -> None:
        """Sign out: the token is dead everywhere at once."""
        with self._writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))

    def _one(self, where: Any) -> Person | None:
        with self._reading() as connection:
            row = connection.execute(select(people).where(where)).one_or_none()
        return _person(row) if row else None


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.email, row.name, row.role, row.password_hash)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
