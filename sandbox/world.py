"""The world of the town: accounts, posts, messages, and every request that its servers were asked.

One SQLite file holds it all, so that the town goes on where it stopped. Any number of threads may share a World. Texts are kept
byte for byte, lone surrogates and NUL included, since strangers send those too. All instants are aware datetimes in UTC.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sandbox.things import (
    Call,
    Message,
    Version,
    WorldAccount,
    WorldPost,
    base36,
    did,
    mastodon_snowflake,
    post_uri,
    snowflake,
    tid,
)

__all__ = ["Call", "Message", "Version", "World", "WorldAccount", "WorldPost", "utc_now"]

TIMED_IDS = {"x": snowflake, "mastodon": mastodon_snowflake}
"""Places whose ids are numbers that begin with the time; elsewhere they count up in base 36."""

FIRST_ACCOUNT = {"x": 1_400_000_000_000, "mastodon": 109_300_000_000_000_000}
"""Where the numbers of accounts begin, on the same places."""

TABLES = """
CREATE TABLE IF NOT EXISTS account (place TEXT, id TEXT, handle TEXT, name BLOB, followers INTEGER, created_at TEXT,
  PRIMARY KEY (place, id));
CREATE UNIQUE INDEX IF NOT EXISTS account_handle ON account (place, lower(handle));
CREATE TABLE IF NOT EXISTS post (place TEXT, root TEXT, author_id TEXT, title BLOB, board TEXT, visible_at TEXT, parent_id TEXT,
  conversation_id TEXT, quoted_id TEXT, reposted_id TEXT, lang TEXT, deleted_at TEXT, PRIMARY KEY (place, root));
CREATE INDEX IF NOT EXISTS post_conversation ON post (place, conversation_id);
CREATE INDEX IF NOT EXISTS post_author ON post (place, author_id);
CREATE TABLE IF NOT EXISTS version (place TEXT, root TEXT, n INTEGER, id TEXT, text BLOB, at TEXT, PRIMARY KEY (place, root, n));
CREATE INDEX IF NOT EXISTS version_id ON version (place, id);
CREATE TABLE IF NOT EXISTS message (n INTEGER PRIMARY KEY, place TEXT, from_id TEXT, to_id TEXT, text BLOB, at TEXT);
CREATE TABLE IF NOT EXISTS call (n INTEGER PRIMARY KEY, at TEXT, place TEXT, method TEXT, path TEXT, status INTEGER, note TEXT, body BLOB);
CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER);
"""


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


T = TypeVar("T")


def _blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(blob: bytes) -> str:
    return blob.decode("utf-8", "surrogatepass")


def _stamp(instant: datetime) -> str:
    """Fixed width, so that the order of the strings is the order of the instants."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def _instant(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp is not None else None


def _at(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


class World:
    """Everything that happened in the town. `clock` says what time it is there. Unknown accounts or posts raise KeyError."""

    def __init__(self, path: str | Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.row_factory = sqlite3.Row
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.execute("PRAGMA busy_timeout=10000")
        self._base.executescript(TABLES)
        self._as_of: tuple[int, int] = (0, 0)
        self._remembered: dict[object, Any] = {}

    def close(self) -> None:
        """Close the file; the world stays in it."""
        with self._lock:
            self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is done inside is done as one, unseen by other threads and processes until it is whole."""
        with self._lock:
            if self._base.in_transaction:
                yield
                return
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def made_once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` makes of the world as it is, kept until anything in it changes: platforms look at the same posts again and again."""
        with self._lock:
            (elsewhere,) = self._base.execute("PRAGMA data_version").fetchone()
            if (self._base.total_changes, elsewhere) != self._as_of:
                self._as_of, self._remembered = (self._base.total_changes, elsewhere), {}
            if key in self._remembered:
                known: T = self._remembered[key]
                return known
            made = make()
            if (self._base.total_changes, elsewhere) == self._as_of:
                self._remembered[key] = made
            return made

    def _row(self, query: str, *values: Any) -> sqlite3.Row | None:
        rows = self._rows(query, *values)
        return rows[0] if rows else None

    def _count(self, name: str) -> int:
        row = self._row(
            "INSERT INTO counter VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value", name
        )
        assert row is not None
        return int(row["value"])

    # --- accounts -------------------------------------------------------------------------------

    def add_account(
        self,
        place: str,
        handle: str,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - the platforms' own word
        followers: int = 0,
        created_at: datetime | None = None,
    ) -> WorldAccount:
        """Open an account, or give back the one that has this handle already (its name and followers are then left alone)."""
        with self.together():
            known = self.account(place, handle=handle)
            if known is not None:
                return known
            n = self._count(f"account:{place}")
            native = id or self._new_account_id(place, n)
            opened = created_at or self.clock()
            self._rows(
                "INSERT INTO account VALUES (?,?,?,?,?,?)",
                place,
                native,
                handle,
                _blob(name),
                followers,
                _stamp(opened),
            )
        return WorldAccount(place, native, handle, name, followers, opened)

    @staticmethod
    def _new_account_id(place: str, n: int) -> str:
        if place == "bluesky":
            return did(n)
        first = FIRST_ACCOUNT.get(place)
        return base36(36**4 + n * 97) if first is None else str(first + n * 7919)

    def account(self, place: str, *, id: str | None = None, handle: str | None = None) -> WorldAccount | None:  # noqa: A002
        """The account with this id, or with this handle in any case; None when there is none."""
        return self.made_once(("account", place, id, handle), lambda: self._account(place, id, handle))

    def _account(self, place: str, id: str | None, handle: str | None) -> WorldAccount | None:  # noqa: A002
        if id is not None:
            row = self._row("SELECT * FROM account WHERE place=? AND id=?", place, id)
        else:
            row = self._row("SELECT * FROM account WHERE place=? AND lower(handle)=lower(?)", place, handle)
        return self._as_account(row) if row is not None else None

    def accounts(self, place: str) -> list[WorldAccount]:
        """All accounts of a place, oldest first."""
        return [
            self._as_account(row) for row in self._rows("SELECT * FROM account WHERE place=? ORDER BY rowid", place)
        ]

    def rename(self, place: str, account_id: str, *, handle: str | None = None, name: str | None = None) -> None:
        """Handles and names change; ids do not."""
        if handle is not None:
            self._rows("UPDATE account SET handle=? WHERE place=? AND id=?", handle, place, account_id)
        if name is not None:
            self._rows("UPDATE account SET name=? WHERE place=? AND id=?", _blob(name), place, account_id)

    @staticmethod
    def _as_account(row: sqlite3.Row) -> WorldAccount:
        return WorldAccount(
            row["place"], row["id"], row["handle"], _text(row["name"]), row["followers"], _at(row["created_at"])
        )

    # --- posts ----------------------------------------------------------------------------------

    def publish(
        self,
        place: str,
        author_id: str,
        text: str,
        *,
        id: str | None = None,  # noqa: A002 - the platforms' own word
        at: datetime | None = None,
        visible_at: datetime | None = None,
        parent_id: str | None = None,
        quoted_id: str | None = None,
        reposted_id: str | None = None,
        title: str = "",
        board: str = "",
        lang: str | None = None,
    ) -> WorldPost:
        """Somebody writes. `at` is when (the clock's time if None), `visible_at` when listings and search first show it (late arrivals).

        A reply joins its parent's conversation and board. Ids: on "x" and "mastodon" a snowflake of `at`, on "bluesky" an address, elsewhere
        base 36, bare (no t1_ or t3_).
        """
        with self.together():
            if self.account(place, id=author_id) is None:
                raise KeyError(f"no account {author_id} on {place}")
            when = at or self.clock()
            native = id or self._new_id(place, when, author_id)
            conversation = native
            if parent_id is not None:
                parent = self._known(place, parent_id)
                conversation, board = parent.conversation_id, board or parent.board
            self._rows(
                "INSERT INTO post VALUES (?,?,?,?,?,?,?,?,?,?,?,NULL)",
                *(place, native, author_id, _blob(title), board, _stamp(visible_at or when), parent_id, conversation),
                *(quoted_id, reposted_id, lang),
            )
            self._rows("INSERT INTO version VALUES (?,?,1,?,?,?)", place, native, native, _blob(text), _stamp(when))
            return self._known(place, native)

    def edit(self, place: str, post_id: str, text: str, at: datetime | None = None) -> WorldPost:
        """Change a post's text. On "x" this makes a new id at the end of its chain; elsewhere the id stays."""
        with self.together():
            post, when = self._known(place, post_id), at or self.clock()
            native = self._new_id(place, when, post.author_id) if place == "x" else post.id
            n = len(post.versions) + 1
            root = post.history[0]
            self._rows("INSERT INTO version VALUES (?,?,?,?,?,?)", place, root, n, native, _blob(text), _stamp(when))
            return self._known(place, root)

    def delete(self, place: str, post_id: str, at: datetime | None = None) -> None:
        """Take a post down, with all its versions. Harmless when it is down already."""
        root = self._known(place, post_id).history[0]
        when = _stamp(at or self.clock())
        self._rows("UPDATE post SET deleted_at=? WHERE place=? AND root=? AND deleted_at IS NULL", when, place, root)

    def bring_back(self, place: str, post_id: str, text: str, at: datetime | None = None) -> WorldPost:
        """A deleted post is there again, with this text: Bluesky lets one write where something was deleted."""
        with self.together():
            post = self.edit(place, post_id, text, at)
            self._rows("UPDATE post SET deleted_at=NULL WHERE place=? AND root=?", place, post.history[0])
            return self._known(place, post_id)

    def post(self, place: str, post_id: str) -> WorldPost | None:
        """The post that has, or once had, this id: its newest version, deleted or not, visible yet or not."""
        found = self._posts(
            "p.place=? AND p.root IN (SELECT root FROM version WHERE place=? AND id=?)", place, place, post_id
        )
        return found[0] if found else None

    def posts(
        self, place: str, *, now: datetime | None = None, author_id: str | None = None, board: str | None = None
    ) -> list[WorldPost]:
        """Posts of a place, oldest first. With `now`, only what a visitor sees at that instant; without, deleted and hidden ones too."""
        where, values = ["p.place=?"], [place]
        if author_id is not None:
            where.append("p.author_id=?")
            values.append(author_id)
        if board is not None:
            where.append("lower(p.board)=lower(?)")
            values.append(board)
        found = self._posts(" AND ".join(where), *values)
        return found if now is None else [post for post in found if post.is_visible(now)]

    def conversation(self, place: str, conversation_id: str) -> list[WorldPost]:
        """All posts of one conversation, oldest first, deleted and hidden ones too."""
        return self._posts("p.place=? AND p.conversation_id=?", place, conversation_id)

    def _known(self, place: str, post_id: str) -> WorldPost:
        post = self.post(place, post_id)
        if post is None:
            raise KeyError(f"no post {post_id} on {place}")
        return post

    def _new_id(self, place: str, when: datetime, author_id: str) -> str:
        if place == "bluesky":
            return post_uri(author_id, tid(when, self._count("post:bluesky")))
        timed = TIMED_IDS.get(place)
        if timed is None:
            return base36(36**6 + self._count(f"post:{place}"))
        native = timed(when)
        while self._row("SELECT 1 FROM version WHERE place=? AND id=?", place, str(native)) is not None:
            native += 1
        return str(native)

    def _posts(self, where: str, *values: str) -> list[WorldPost]:
        return list(self.made_once(("posts", where, values), lambda: self._find_posts(where, *values)))

    def _find_posts(self, where: str, *values: str) -> list[WorldPost]:
        query = (
            "SELECT p.*, v.n, v.id, v.text, v.at FROM post p JOIN version v ON v.place=p.place AND v.root=p.root "  # noqa: S608
            f"WHERE {where} ORDER BY p.rowid, v.n"  # `where` is written in this file, the values are bound
        )
        grouped: dict[str, list[sqlite3.Row]] = {}
        for row in self._rows(query, *values):
            grouped.setdefault(row["root"], []).append(row)
        found = [self._as_post(rows) for rows in grouped.values()]
        return sorted(found, key=lambda post: (post.created_at, len(post.history[0]), post.history[0]))

    @staticmethod
    def _as_post(rows: list[sqlite3.Row]) -> WorldPost:
        row = rows[-1]
        versions = tuple(Version(each["id"], _text(each["text"]), _at(each["at"])) for each in rows)
        return WorldPost(
            place=row["place"],
            id=versions[-1].id,
            author_id=row["author_id"],
            text=versions[-1].text,
            title=_text(row["title"]),
            board=row["board"],
            created_at=versions[0].at,
            visible_at=_at(row["visible_at"]),
            parent_id=row["parent_id"],
            conversation_id=row["conversation_id"],
            quoted_id=row["quoted_id"],
            reposted_id=row["reposted_id"],
            lang=row["lang"],
            deleted_at=_instant(row["deleted_at"]),
            edited_at=versions[-1].at if len(versions) > 1 else None,
            history=tuple(dict.fromkeys(version.id for version in versions)),
            versions=versions,
        )

    # --- private messages -----------------------------------------------------------------------

    def message(self, place: str, from_id: str, to_id: str, text: str, at: datetime | None = None) -> Message:
        """Somebody writes to somebody in private."""
        when = at or self.clock()
        self._rows(
            "INSERT INTO message (place, from_id, to_id, text, at) VALUES (?,?,?,?,?)",
            *(place, from_id, to_id, _blob(text), _stamp(when)),
        )
        return Message(place, from_id, to_id, text, when)

    def messages(self, place: str, to_id: str) -> list[Message]:
        """What an account received in private, oldest first."""
        rows = self._rows("SELECT * FROM message WHERE place=? AND to_id=? ORDER BY n", place, to_id)
        return [Message(row["place"], row["from_id"], row["to_id"], _text(row["text"]), _at(row["at"])) for row in rows]

    # --- what the servers were asked, and small facts -------------------------------------------

    def log(self, place: str, method: str, path: str, status: int, note: str = "", body: str = "") -> None:
        """Write down one request. `status` 0 means that no answer was given; `note` says what became of it ("created 17", "duplicate")."""
        self._rows(
            "INSERT INTO call (at, place, method, path, status, note, body) VALUES (?,?,?,?,?,?,?)",
            *(_stamp(self.clock()), place, method, path, status, note, _blob(body)),
        )

    def calls(self, place: str | None = None) -> list[Call]:
        """All requests in the order in which they were answered: the judge's view, from outside."""
        rows = self._rows("SELECT * FROM call WHERE ? IS NULL OR place=? ORDER BY n", place, place)
        return [
            Call(
                row["n"],
                _at(row["at"]),
                row["place"],
                row["method"],
                row["path"],
                row["status"],
                row["note"],
                _text(row["body"]),
            )
            for row in rows
        ]

    def remember(self, key: str, value: str) -> None:
        """Keep a small fact of the town under `key`."""
        self._rows("INSERT INTO fact VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value=excluded.value", key, value)

    def recall(self, key: str) -> str | None:
        """The fact kept under `key`, or None."""
        row = self._row("SELECT value FROM fact WHERE key=?", key)
        return None if row is None else str(row["value"])
