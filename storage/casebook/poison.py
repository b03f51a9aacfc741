"""Poison: what strangers send and no base can hold costs itself and not the round it came in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, String, insert, select
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, StatementError

from storage.tables import posts, quarantine
from storage.words import Poison, Post

RAW_LIMIT = 2000
"""How much of a poisoned post is kept (`storage.words.Poison`)."""


def take_each(
    connection: Connection,
    brand: str,
    source_key: str,
    found: Iterable[Post],
    now: datetime,
    take: Callable[[int], None],
) -> int:
    """Call `take` with each post's number, each in a savepoint; one that cannot be stored goes to quarantine instead.

    Gives how many did. A base that cannot be written is no post's fault and is raised.
    """
    poisoned = 0
    for number, post in enumerate(found):
        savepoint = connection.begin_nested()
        try:
            check_storable(post)
            take(number)
            savepoint.commit()
        except (OperationalError, InternalError):
            raise  # SQLite may have given up the whole transaction: nothing more may be said in it
        except (ValueError, OverflowError, StatementError) as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise  # the server went away
            savepoint.rollback()
            why = f"The post could not be stored: {_said(error)}"
            keep_poison(connection, brand, source_key, [Poison(post.native_id, why, _raw(post))], now)
            poisoned += 1
    return poisoned


def check_storable(post: Post) -> None:
    """Raise ValueError when a text holds a NUL (PostgreSQL refuses it, SQLite cuts at it) or half a surrogate pair, or when an id or
    a handle is longer than there is room for (SQLite would take it, PostgreSQL not)."""
    author = post.author
    ids = (post.native_id, author.native_id, post.conversation_id, post.reply_to, post.parent_id or "")
    for told in (post.text, post.title, author.handle, author.name, post.url or "", *ids, *post.addressed):
        if "\0" in told:
            raise ValueError("its text holds a NUL")
        told.encode()  # UnicodeEncodeError, a ValueError, for half a pair
    for column, told in _short(post):
        if len(told) > _room(column):
            raise ValueError(f"its {column.replace('_', ' ')} is longer than {_room(column)} characters")


def _short(post: Post) -> tuple[tuple[str, str], ...]:
    return (
        ("native_id", post.native_id),
        ("author_id", post.author.native_id or f"unknown:{post.native_id}"),
        ("author_handle", post.author.handle),
        ("conversation_id", post.conversation_id),
        ("parent_id", post.parent_id or ""),
        ("reply_to", post.reply_to),
        ("lang", post.lang or ""),
    )


def _room(column: str) -> int:
    kind = posts.c[column].type
    assert isinstance(kind, String)
    assert kind.length is not None
    return kind.length


def keep_poison(connection: Connection, brand: str, source_key: str, poison: Sequence[Poison], now: datetime) -> None:
    """Put poison into quarantine, once however often it comes."""
    for one in poison:
        native_id = _clean(one.native_id)[: _room("native_id")] if one.native_id is not None else None
        raw = _clean(one.raw)[:RAW_LIMIT]
        known = connection.execute(
            select(quarantine.c.id).where(
                quarantine.c.source_key == source_key,
                quarantine.c.native_id == native_id,
                quarantine.c.raw == raw,
            )
        ).first()
        if known is None:
            connection.execute(
                insert(quarantine).values(
                    brand=brand, source_key=source_key, native_id=native_id, why=_clean(one.why), raw=raw, at=now
                )
            )


def _said(error: Exception) -> str:
    if isinstance(error, StatementError) and error.orig is not None:
        return str(error.orig).partition("\n")[0]  # PostgreSQL's further lines hold the row
    return "its text is not Unicode" if isinstance(error, UnicodeError) else str(error)


def _raw(post: Post) -> str:
    return f"{post.place} {post.native_id} by {post.author.handle}: {post.title} {post.text}"


def _clean(told: str) -> str:
    return told.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
