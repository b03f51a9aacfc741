"""Keeping posts: one row per place and native id, one text per version, repeats absorbed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from storage.casebook.fingerprints import fingerprint
from storage.casebook.names import by_known_id
from storage.casebook.shelf import new_id
from storage.tables import accounts, mentions, post_texts, posts
from storage.words import Author, Post

_AT_ONCE = 500  # posts asked for in one question


class News(Enum):
    """What a post was to us."""

    NEW = "new"
    CHANGED = "changed"  # edited
    BACK = "back"  # as it was, after it had gone
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Kept:
    """A post in the base."""

    id: int
    version: int
    news: News
    post: Post
    by_account: int | None


def keep(connection: Connection, brand: str, post: Post, now: datetime) -> Kept:
    """Store a post, or a new version of it, or nothing when it is known as it is."""
    post = by_known_id(connection, brand, _identified(post))
    row = connection.execute(
        select(posts, post_texts.c.text, post_texts.c.title)
        .join(
            post_texts,
            (post_texts.c.post_id == posts.c.id) & (post_texts.c.version == posts.c.version),
        )
        .where(posts.c.place == post.place, posts.c.native_id == post.native_id)
    ).one_or_none()
    ours = _by_account(connection, brand, post)
    if row is None:
        return _new(connection, brand, post, ours, now)
    if ours is not None and row.by_account is None:
        connection.execute(update(posts).where(posts.c.id == row.id).values(by_account=ours))
    by_account = row.by_account or ours
    changed = (row.text, row.title) != (post.text, post.title) and not _is_outdated(post, row)
    if not changed and row.deleted_at is None:
        return Kept(row.id, row.version, News.SAME, post, by_account)
    version = row.version + 1 if changed else row.version
    connection.execute(
        update(posts)
        .where(posts.c.id == row.id)
        .values(
            version=version,
            deleted_at=None,
            edited_at=(post.edited_at or now) if changed else row.edited_at,
            reply_to=post.reply_to,
            addressed=list(post.addressed),
            rating=post.rating,
        )
    )
    if changed:
        _keep_text(connection, brand, row.id, version, post, now)
    return Kept(row.id, version, News.CHANGED if changed else News.BACK, post, by_account)


def known_as_they_are(connection: Connection, brand: str, found: Sequence[Post]) -> frozenset[tuple[str, str]]:
    """(place, native id) of those that `keep` would find the same and that are mentions of this brand already: there is nothing to do about
    them, and most of what a page shows again is such. Our own posts and those of somebody told by another id now are left to `keep`."""
    known: set[tuple[str, str]] = set()
    for place in {post.place for post in found}:
        here = [_identified(post) for post in found if post.place == place]
        ours = select(accounts.c.native_id).where(accounts.c.brand == brand, accounts.c.place == place)
        own = set(connection.execute(ours).scalars())
        for begin in range(0, len(here), _AT_ONCE):
            some = here[begin : begin + _AT_ONCE]
            rows = connection.execute(
                select(posts.c.native_id, posts.c.author_id, post_texts.c.text, post_texts.c.title)
                .join(post_texts, (post_texts.c.post_id == posts.c.id) & (post_texts.c.version == posts.c.version))
                .join(mentions, (mentions.c.post_id == posts.c.id) & (mentions.c.brand == brand))
                .where(
                    posts.c.place == place,
                    posts.c.native_id.in_([post.native_id for post in some]),
                    posts.c.by_account.is_(None),
                    posts.c.deleted_at.is_(None),
                )
            ).all()
            stored = {row.native_id: (row.author_id, row.text, row.title) for row in rows if row.author_id not in own}
            known |= {
                (place, post.native_id)
                for post in some
                if stored.get(post.native_id) == (post.author.native_id, post.text, post.title)
            }
    return frozenset(known)


def _is_outdated(post: Post, row: Row[Any]) -> bool:
    # Searches lag behind: an earlier version that comes late is no edit. Without this, two views of one post would take turns.
    return post.edited_at is not None and row.edited_at is not None and post.edited_at < row.edited_at


def _identified(post: Post) -> Post:
    # Pasted and imported texts may have no author; each then stands for a customer of its own.
    if post.author.native_id:
        return post
    nobody = Author(f"unknown:{post.native_id}", post.author.handle, post.author.name)
    return replace(post, author=nobody)


def _new(connection: Connection, brand: str, post: Post, ours: int | None, now: datetime) -> Kept:
    added = connection.execute(
        insert(posts).values(
            brand=brand,
            place=post.place,
            native_id=post.native_id,
            author_id=post.author.native_id,
            author_handle=post.author.handle,
            author_name=post.author.name,
            conversation_id=post.conversation_id,
            parent_id=post.parent_id,
            reply_to=post.reply_to,
            url=post.url,
            lang=post.lang,
            rating=post.rating,
            addressed=list(post.addressed),
            is_repost=post.is_repost,
            by_account=ours,
            version=1,
            created_at=post.created_at,
            seen_at=now,
            edited_at=post.edited_at,
        )
    )
    post_id = new_id(added)
    _keep_text(connection, brand, post_id, 1, post, now)
    return Kept(post_id, 1, News.NEW, post, ours)


def _keep_text(connection: Connection, brand: str, post_id: int, version: int, post: Post, now: datetime) -> None:
    connection.execute(
        insert(post_texts).values(
            post_id=post_id,
            version=version,
            brand=brand,
            title=post.title,
            text=post.text,
            fingerprint=fingerprint(post.text),
            seen_at=now,
        )
    )


def _by_account(connection: Connection, brand: str, post: Post) -> int | None:
    found = connection.execute(
        select(accounts.c.id).where(
            accounts.c.brand == brand,
            accounts.c.place == post.place,
            accounts.c.native_id == post.author.native_id,
        )
    ).scalar_one_or_none()
    return int(found) if found is not None else None


def with_texts() -> Any:
    """SELECT of posts with their present text and title."""
    return select(posts, post_texts.c.text, post_texts.c.title).join(
        post_texts,
        (post_texts.c.post_id == posts.c.id) & (post_texts.c.version == posts.c.version),
    )


def as_post(row: Row[Any]) -> Post:
    """The Post that a row of `with_texts` stands for."""
    return Post(
        place=row.place,
        native_id=row.native_id,
        author=Author(row.author_id, row.author_handle, row.author_name),
        text=row.text,
        title=row.title,
        created_at=row.created_at,
        conversation_id=row.conversation_id,
        parent_id=row.parent_id,
        url=row.url,
        lang=row.lang,
        rating=row.rating,
        edited_at=row.edited_at,
        reply_to=row.reply_to,
        addressed=tuple(row.addressed),
        is_repost=row.is_repost,
    )
