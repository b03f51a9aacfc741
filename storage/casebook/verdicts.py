"""Later verdicts: a better look may raise a case, or retract one that nobody has touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from storage.casebook.moves import CUSTOMER, MACHINE
from storage.casebook.posts import Kept, News, as_post, with_texts
from storage.casebook.raising import FRESH, belongs, keep_verdict, not_old_any_more, raise_case, reconsider
from storage.casebook.seen import answered_before
from storage.casebook.shelf import Shelf
from storage.lifecycle import LIVE_CASES, MovedOn
from storage.tables import cases, lessons, mentions, post_texts, posts
from storage.words import CaseState, Kind, Post, Verdict

MOST_TRIES = 3
_LOOKING_TAKES = timedelta(minutes=15)
"""After so long another may look at what somebody took and did not finish."""


@dataclass(frozen=True, slots=True)
class Again:
    """A mention to be looked at again; `version` is that of the post's text."""

    mention_id: int
    brand: str
    post: Post
    version: int


class Verdicts(Shelf):
    """Writes verdicts that come after intake."""

    __slots__ = ()

    def claim_again(self, now: datetime, most: int) -> tuple[Again, ...]:
        """Take mentions that are due for a second look, the oldest first; each is then left alone for a while by others.

        One that was taken MOST_TRIES times without a verdict keeps the one it has: something in it stops whoever looks.
        """
        if not self.are_due_again(now):
            return ()
        with self._writing() as connection:
            connection.execute(
                update(mentions).where(_due(now), mentions.c.again_tries >= MOST_TRIES).values(again_at=None)
            )
            rows = connection.execute(
                with_texts()
                .add_columns(mentions.c.id.label("mention_id"), mentions.c.brand.label("of_brand"))
                .join(mentions, mentions.c.post_id == posts.c.id)
                .where(_due(now), posts.c.deleted_at.is_(None))
                .order_by(mentions.c.again_at, mentions.c.id)
                .limit(most)
                .with_for_update(of=mentions, skip_locked=True)
            ).all()
            ids = [row.mention_id for row in rows]
            connection.execute(
                update(mentions)
                .where(mentions.c.id.in_(ids))
                .values(again_at=now + _LOOKING_TAKES, again_tries=mentions.c.again_tries + 1)
            )
        return tuple(Again(row.mention_id, row.of_brand, as_post(row), row.version) for row in rows)

    def are_due_again(self, now: datetime) -> bool:
        """Whether any mention is due for a second look, so that nobody is held up for nothing."""
        with self._reading() as connection:
            due = (
                select(mentions.c.id)
                .join(posts, posts.c.id == mentions.c.post_id)
                .where(_due(now), posts.c.deleted_at.is_(None))
            )
            return connection.execute(due.limit(1)).first() is not None

    def leave(self, mention_ids: Sequence[int]) -> None:
        """There is nothing to look at again: a rule decides these. One that was edited since it was taken keeps its turn."""
        if not mention_ids:
            return
        taken = mentions.c.id.in_(mention_ids) & (mentions.c.again_tries > 0)
        with self._writing() as connection:
            connection.execute(update(mentions).where(taken).values(again_at=None))

    def record(self, mention_id: int, verdict: Verdict, now: datetime, version: int | None = None) -> int | None:
        """Store a later verdict; gives the case it raised, if any. Raises MovedOn when the mention is gone, or the post has been
        edited since its text of `version` was judged. What a person said of this text stands: then it neither raises nor retracts."""
        with self._writing("propose") as connection:
            mention = connection.execute(select(mentions).where(mentions.c.id == mention_id)).one_or_none()
            if mention is None:
                raise MovedOn("This mention is no longer here.")
            row = connection.execute(with_texts().where(posts.c.id == mention.post_id)).one()
            if version is not None and row.version != version:
                raise MovedOn("The post was edited meanwhile.")
            kept = Kept(row.id, row.version, News.SAME, as_post(row), row.by_account)
            new = keep_verdict(connection, mention.brand, mention_id, row.version, verdict, now)
            if not new:
                connection.execute(update(mentions).where(mentions.c.id == mention_id).values(again_at=None))
            if not new or _has_been_told(connection, mention_id, row):
                return None
            if mention.case_id is not None:
                case = connection.execute(select(cases).where(cases.c.id == mention.case_id)).one()
                if CaseState(case.state) in LIVE_CASES:
                    reconsider(connection, self.key, case, kept, verdict, now)
                    return None
                return self._open_again(connection, case, row, verdict, now)
            if verdict.kind is not Kind.COMPLAINT:
                not_old_any_more(connection, mention_id)
                return None
            if mention.aside == "stored" or row.is_repost or row.deleted_at is not None:
                return None
            if now - row.created_at > FRESH:
                connection.execute(update(mentions).where(mentions.c.id == mention_id).values(aside="old"))
                return None
            case_id = raise_case(
                connection, self.key, mention.brand, kept, verdict,
                who=MACHINE, why="A second look found a complaint.", now=now,
            )  # fmt: skip
            belongs(connection, mention_id, case_id)
            answered_before(connection, self.key, kept, now)
            return case_id

    def _open_again(
        self, connection: Connection, case: Row[Any], post: Row[Any], verdict: Verdict, now: datetime
    ) -> int | None:
        """An edit that the first look took for no complaint, and that is one: it opens what was closed by then, as it would have at once."""
        edited = select(post_texts.c.seen_at).where(
            post_texts.c.post_id == post.id, post_texts.c.version == post.version, post_texts.c.version > 1
        )
        is_news = connection.execute(edited.where(post_texts.c.seen_at >= case.changed_at)).first() is not None
        if not is_news or verdict.kind is not Kind.COMPLAINT or post.deleted_at is not None:
            return None
        changed = Kept(post.id, post.version, News.CHANGED, as_post(post), post.by_account)
        return raise_case(connection, self.key, case.brand, changed, verdict, who=CUSTOMER, why="", now=now)


def _due(now: datetime) -> Any:
    # Clocks of two machines are never quite alike: only what is further off than any claim was written under another clock.
    further = mentions.c.again_at > now + 2 * _LOOKING_TAKES
    return mentions.c.again_at.is_not(None) & or_(mentions.c.again_at <= now, further)


def _has_been_told(connection: Connection, mention_id: int, post: Row[Any]) -> bool:
    """Whether a person said what this text is, and not an earlier one."""
    since = select(post_texts.c.seen_at).where(post_texts.c.post_id == post.id, post_texts.c.version == post.version)
    told = select(lessons.c.id).where(lessons.c.mention_id == mention_id, lessons.c.at >= since.scalar_subquery())
    return connection.execute(told).first() is not None
