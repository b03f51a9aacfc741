"""Lessons: what a person's decision says of a mention, in the transaction of that decision; and letting go of them with their posts.

A lesson is kept once per mention: who thinks again teaches anew. Learning itself is due work, and `brands.learn_at` says when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from storage.lifecycle import MovedOn
from storage.tables import brands, hearings, lessons, mentions, posts
from storage.words import Kind

DISMISSED_AS: Mapping[str, Kind | None] = {
    "praise": Kind.PRAISE,
    "question": Kind.QUESTION,
    "not_us": Kind.NOT_US,
    "spam": Kind.SPAM,
    "solved": None,
    "no_complaint": None,
}
"""What a reason for putting a case aside teaches; "answered" and "other" say nothing about the text, and teach nothing."""


def teach(
    connection: Connection, mention_id: int, *, is_complaint: bool, kind: Kind | None, by: str, now: datetime
) -> None:
    """Keep what a person said of a mention, and have it learnt. Raises MovedOn when its post has gone: nothing is learnt from it."""
    row = connection.execute(
        select(mentions.c.brand, posts.c.place)
        .join(posts, posts.c.id == mentions.c.post_id)
        .where(mentions.c.id == mention_id, posts.c.deleted_at.is_(None))
    ).one_or_none()
    if row is None:
        raise MovedOn("This mention is no longer here.")
    told = {"is_complaint": is_complaint, "kind": kind, "by": by, "at": now}
    # The text may be another one by now: what the looks made of it is asked anew.
    again = connection.execute(
        update(lessons)
        .where(lessons.c.brand == row.brand, lessons.c.mention_id == mention_id)
        .values(**told, features=None, made_with=None)
    )
    if not again.rowcount:
        connection.execute(insert(lessons).values(brand=row.brand, mention_id=mention_id, place=row.place, **told))
    learn_soon(connection, row.brand, now)


def teach_by_case(
    connection: Connection, case: Any, *, is_complaint: bool, by: str, now: datetime, kind: Kind | None = None
) -> None:
    """The same for the mention that raised a case; nothing where its post has gone."""
    mention = connection.execute(
        select(mentions.c.id)
        .join(posts, posts.c.id == mentions.c.post_id)
        .where(mentions.c.brand == case.brand, mentions.c.post_id == case.complaint_id, posts.c.deleted_at.is_(None))
    ).scalar_one_or_none()
    if mention is not None:
        kind = Kind.COMPLAINT if is_complaint else kind
        teach(connection, mention, is_complaint=is_complaint, kind=kind, by=by, now=now)


def learn_soon(connection: Connection, brand: str, now: datetime) -> None:
    """Have a brand's lessons learnt with the next due work."""
    connection.execute(update(brands).where(brands.c.key == brand).values(learn_at=now))


def unteach(connection: Connection, post_ids: Any, now: datetime) -> None:
    """Lessons go with their posts, and so does every weight that was made from them: what is left is learnt anew."""
    of_posts = select(mentions.c.id).where(mentions.c.post_id.in_(post_ids))
    here = lessons.c.mention_id.in_(of_posts)
    touched = {row.brand for row in connection.execute(select(lessons.c.brand).where(here).distinct())}
    if not touched:
        return
    connection.execute(delete(lessons).where(here))
    connection.execute(update(hearings).where(hearings.c.brand.in_(touched)).values(weights=None))
    connection.execute(update(brands).where(brands.c.key.in_(touched)).values(learn_at=now))
