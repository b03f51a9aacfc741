"""Our own posts as the world shows them: they settle what we were unsure of, and tell of answers given elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from storage.casebook.claiming import thaw
from storage.casebook.moves import OUTSIDE, move_case, move_reply, next_turn, write
from storage.casebook.posts import Kept, News, as_post, with_texts
from storage.casebook.shelf import new_id
from storage.lifecycle import LIVE_CASES, SPENT_REPLIES
from storage.tables import accounts, cases, mentions, posts, replies
from storage.words import Audience, CaseState, Origin, Purpose, ReplyState

SKEW = timedelta(minutes=5)
"""How far a platform's clock may lag behind ours before its post counts as older than our attempt."""


def own_post(connection: Connection, key: bytes, kept: Kept, now: datetime) -> None:
    """A post by our own account. Never a mention; perhaps one of our replies."""
    if _known(connection, kept):
        return
    parent = _parent(connection, kept) or _parent_by_words(connection, kept)
    if parent is None:
        return
    account = connection.execute(select(accounts.c.handle).where(accounts.c.id == kept.by_account)).scalar_one()
    brands = _brands(connection, kept)
    under = connection.execute(
        select(replies).where(
            replies.c.brand.in_(brands),
            replies.c.place == kept.post.place,
            replies.c.parent_id == parent.native_id,
            replies.c.audience == Audience.PUBLIC,
        )
    ).all()
    mine = min((row for row in under if _may_be(row, kept)), key=lambda row: _likeness(row, kept), default=None)
    if mine is not None:
        _settle(connection, key, mine, kept, now)
        return
    if any(row.state == ReplyState.SENDING for row in under):
        return  # ours on its way; its own settling or looking will find it
    for case in _cases_of_parent(connection, parent, brands):
        _answered_outside(connection, key, case, parent, str(account), kept, now)


def answered_before(connection: Connection, key: bytes, kept: Kept, now: datetime) -> None:
    """A case was raised for a post under which we had answered: platforms deliver answers before what they answer."""
    rows = connection.execute(
        with_texts()
        .where(
            posts.c.place == kept.post.place,
            posts.c.parent_id.in_({kept.post.native_id, kept.post.reply_to}),
            posts.c.by_account.is_not(None),
            posts.c.deleted_at.is_(None),
        )
        .order_by(posts.c.created_at, posts.c.id)
    ).all()
    for row in rows:
        own_post(connection, key, Kept(row.id, row.version, News.NEW, as_post(row), row.by_account), now)


def _brands(connection: Connection, kept: Kept) -> list[str]:
    # Usually one; brands of one house may share an account. Another brand's answer settles nothing of ours.
    return list(
        connection.execute(
            select(accounts.c.brand).where(
                accounts.c.place == kept.post.place, accounts.c.native_id == kept.post.author.native_id
            )
        ).scalars()
    )


def _parent(connection: Connection, kept: Kept) -> Row[Any] | None:
    if kept.post.parent_id is None:
        return None
    for name in (posts.c.native_id, posts.c.reply_to):  # one after the other: an OR would read every post of the place
        found = connection.execute(
            select(posts).where(posts.c.place == kept.post.place, name == kept.post.parent_id)
        ).first()
        if found is not None:
            return found
    return None


def _parent_by_words(connection: Connection, kept: Kept) -> Row[Any] | None:
    """What it answers, where the place does not tell (Reddit's feeds): known by an approved text that a person was to post there."""
    if kept.post.parent_id is not None or kept.post.native_id == kept.post.conversation_id:
        return None
    rows = connection.execute(
        select(posts, replies.c.approved_text)
        .join(replies, replies.c.parent_post == posts.c.id)
        .where(
            replies.c.brand.in_(_brands(connection, kept)),
            replies.c.place == kept.post.place,
            replies.c.state == ReplyState.BY_HAND,
            posts.c.conversation_id == kept.post.conversation_id,
        )
        .order_by(replies.c.id)
    ).all()
    said = _letters(kept.post.text)
    return next((row for row in rows if said and _letters(row.approved_text or "") == said), None)


def _letters(text: str) -> str:
    """What is left of a text whatever a site makes of its signs and spaces."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _known(connection: Connection, kept: Kept) -> bool:
    ids = {kept.post.native_id, kept.post.reply_to}
    return (
        connection.execute(
            select(replies.c.id).where(replies.c.place == kept.post.place, replies.c.native_id.in_(ids))
        ).first()
        is not None
    )


LIKELY = (ReplyState.POSTED, ReplyState.UNCERTAIN, ReplyState.BY_HAND)
"""Whose post it is, when the words tell nothing: first one that is up under an id we were not told, last one nobody may have posted yet."""


def _may_be(row: Row[Any], kept: Kept) -> bool:
    """Whether this post can be that reply: its very words, or written when it may have gone up."""
    if ReplyState(row.state) not in LIKELY or row.native_id is not None:
        return False
    if _same_words(row, kept):
        return True
    until = row.posted_at + SKEW if row.posted_at is not None else kept.post.created_at
    return bool(_since(row) - SKEW <= kept.post.created_at <= until)


def _since(row: Row[Any]) -> datetime:
    """Since when a reply may be up: its yes, or its first try that may have arrived, of which the later ones are repeats."""
    if row.payload is None or row.state == ReplyState.BY_HAND:
        return row.approved_at  # type: ignore[no-any-return]
    reply = thaw(row)
    return reply.first_sent_at or reply.sent_at


def _same_words(row: Row[Any], kept: Kept) -> bool:
    said = _letters(kept.post.text)
    return bool(said) and said == _letters(row.approved_text or "")


def _likeness(row: Row[Any], kept: Kept) -> tuple[bool, int, int]:
    return not _same_words(row, kept), LIKELY.index(ReplyState(row.state)), row.id


def _settle(connection: Connection, key: bytes, row: Row[Any], kept: Kept, now: datetime) -> None:
    state = ReplyState(row.state)
    found: dict[str, Any] = {"native_id": kept.post.native_id, "url": kept.post.url}
    if state is ReplyState.POSTED:
        connection.execute(update(replies).where(replies.c.id == row.id).values(changed_at=now, **found))
        return
    by_hand = state is ReplyState.BY_HAND
    why = "Seen on the site: it was posted by hand." if by_hand else "Seen on the site: it had gone out."
    move_reply(
        connection, key, row, ReplyState.POSTED, who=OUTSIDE, why=why, now=now,
        posted_at=kept.post.created_at, look_at=None, **found,
    )  # fmt: skip
    answered(connection, key, row.case_id, row.seen_turn, who=OUTSIDE, now=now)


def _cases_of_parent(connection: Connection, parent: Row[Any], brands: list[str]) -> Sequence[Row[Any]]:
    return connection.execute(
        select(cases)
        .join(mentions, mentions.c.case_id == cases.c.id)
        .where(mentions.c.post_id == parent.id, cases.c.brand.in_(brands), cases.c.state.in_(sorted(LIVE_CASES)))
    ).all()


def _answered_outside(
    connection: Connection,
    key: bytes,
    case: Row[Any],
    parent: Row[Any],
    account: str,
    kept: Kept,
    now: datetime,
) -> None:
    taken = set(
        connection.execute(
            select(replies.c.purpose).where(
                replies.c.place == kept.post.place,
                replies.c.account == account,
                replies.c.parent_id == parent.native_id,
                replies.c.state.not_in(sorted(SPENT_REPLIES)),
            )
        ).scalars()
    )
    purpose = next((one for one in Purpose if one not in taken), None)
    if purpose is None and kept.news is not News.NEW:
        return  # told when it was first seen
    if purpose is not None:
        reply_id = _new_outside(connection, case, parent, account, purpose, kept, now)
        write(
            connection, key, case.brand, case.id, "reply", reply_id, "", ReplyState.POSTED,
            OUTSIDE, "Somebody answered on the site.", now,
        )  # fmt: skip
    if not _wrote_since(connection, case.id, kept.post.created_at):
        answered(connection, key, case.id, None, who=OUTSIDE, now=now)
    # Last, so that a reply taken back because of this stays told on the case.
    next_turn(connection, key, case.id, why="Somebody already answered on the site.", now=now)


def _new_outside(
    connection: Connection,
    case: Row[Any],
    parent: Row[Any],
    account: str,
    purpose: Purpose,
    kept: Kept,
    now: datetime,
) -> int:
    added = connection.execute(
        insert(replies).values(
            brand=case.brand,
            case_id=case.id,
            place=kept.post.place,
            account=account,
            parent_id=parent.native_id,
            parent_post=parent.id,
            audience=Audience.PUBLIC,
            purpose=purpose,
            origin=Origin.OUTSIDE,
            state=ReplyState.POSTED,
            key=uuid4().hex,
            posted_at=kept.post.created_at,
            native_id=kept.post.native_id,
            url=kept.post.url,
            changed_at=now,
        )
    )
    return new_id(added)


def _wrote_since(connection: Connection, case_id: int, at: datetime) -> bool:
    return (
        connection.execute(
            select(mentions.c.id)
            .join(posts, posts.c.id == mentions.c.post_id)
            .where(mentions.c.case_id == case_id, posts.c.created_at > at, posts.c.deleted_at.is_(None))
            .limit(1)
        ).first()
        is not None
    )


def answered(
    connection: Connection,
    key: bytes,
    case_id: int,
    seen_turn: int | None,
    *,
    who: str,
    now: datetime,
) -> None:
    """A public reply is up: an open case is answered, unless the customer wrote again after what the reply answers."""
    case = connection.execute(select(cases).where(cases.c.id == case_id)).one()
    if CaseState(case.state) is not CaseState.OPEN:
        return
    if seen_turn is not None and case.turn != seen_turn:
        return
    move_case(
        connection, key, case_id, CaseState.ANSWERED, who=who, why="We answered in public.",
        now=now, parked_why=None,
    )  # fmt: skip
