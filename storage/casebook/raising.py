"""Raising: what a mention means for the cases, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, true, update

from storage.casebook.brands import one_brand
from storage.casebook.forgotten import forgotten_author
from storage.casebook.lessons import unteach
from storage.casebook.moves import CUSTOMER, MACHINE, move_case, next_turn, park, write
from storage.casebook.names import ids_of
from storage.casebook.posts import Kept, News
from storage.casebook.shelf import new_id
from storage.lifecycle import LIVE_CASES
from storage.tables import cases, customers, mentions, posts, verdicts
from storage.words import CaseState, Kind, Post, Verdict

FRESH = timedelta(hours=48)
"""An older complaint raises no case by itself (reliability.md section 2: bots that answered months-old mentions)."""


_WROTE = {
    News.NEW: "The customer wrote again.",
    News.CHANGED: "The customer edited the post.",
    News.BACK: "The customer's post is back.",
    News.SAME: "The customer complained.",  # known for long, taken up now
}


THANKS = 0.4
"""Mood from which praise counts as thanks. One kind word in "nice words, still no cake" reads as 0.3; plain thanks as 0.45 and more."""


_SHARE_DIGITS = 5
SOON, NOW = 3, 4
_NOT_LONG_AGO = timedelta(days=180)
_SOME, _A_CROWD = 3, 10  # others who join in below a complaint


def is_thanks(verdict: Verdict) -> bool:
    """Whether the customer is content, so that nobody need answer. In doubt they are not: a missed follow-up is the worse mistake."""
    return verdict.kind is Kind.PRAISE and verdict.mood >= THANKS


def keep_mention(
    connection: Connection, brand: str, kept: Kept, source_key: str | None, now: datetime
) -> tuple[int, bool, int | None]:
    """The mention's id, whether it is new, and the case it belongs to."""
    row = connection.execute(
        select(mentions.c.id, mentions.c.case_id).where(mentions.c.brand == brand, mentions.c.post_id == kept.id)
    ).one_or_none()
    if row is not None:
        return int(row.id), False, row.case_id
    added = connection.execute(
        insert(mentions).values(brand=brand, post_id=kept.id, source_key=source_key, found_at=now)
    )
    return new_id(added), True, None


def belongs(connection: Connection, mention_id: int, case_id: int) -> None:
    """A mention is part of a case."""
    connection.execute(update(mentions).where(mentions.c.id == mention_id).values(case_id=case_id, aside=None))


def not_old_any_more(connection: Connection, mention_id: int) -> None:
    """A mention turned out to be no complaint: it no longer counts among the older ones."""
    connection.execute(
        update(mentions).where(mentions.c.id == mention_id, mentions.c.aside == "old").values(aside=None)
    )


def keep_verdict(
    connection: Connection,
    brand: str,
    mention_id: int,
    version: int,
    verdict: Verdict,
    now: datetime,
) -> bool:
    """Store a verdict; False when this stage and model already judged this version of the text."""
    known = connection.execute(
        select(verdicts.c.id).where(
            verdicts.c.mention_id == mention_id,
            verdicts.c.stage == verdict.stage,
            verdicts.c.model_version == verdict.model_version,
            verdicts.c.post_version == version,
        )
    ).first()
    if known:
        return False
    connection.execute(
        insert(verdicts).values(
            brand=brand,
            mention_id=mention_id,
            stage=verdict.stage,
            model_version=verdict.model_version,
            post_version=version,
            kind=verdict.kind,
            probability=min(1.0, max(0.0, verdict.probability)),
            language=verdict.language,
            mood=min(1.0, max(-1.0, verdict.mood)),
            topic=verdict.topic,
            urgency=verdict.urgency,
            sensitive=verdict.sensitive,
            reasons=[[reason.code, reason.says, reason.start, reason.end] for reason in verdict.reasons],
            shares=[round(share, _SHARE_DIGITS) for share in verdict.shares],
            vector=verdict.vector,
            at=now,
        )
    )
    connection.execute(
        update(mentions)
        .where(mentions.c.id == mention_id)
        .values(again_at=now if verdict.ask_again else None, again_tries=0)
    )
    return True


def keep_customer(connection: Connection, key: bytes, brand: str, post: Post) -> int:
    """The customer who wrote the post; handle and name follow what the place says now. Who was forgotten is a stranger, whose wish holds."""
    here = (
        customers.c.brand == brand,
        customers.c.place == post.place,
        customers.c.native_id == post.author.native_id,
    )
    row = connection.execute(select(customers).where(*here)).one_or_none()
    if row is None:
        before = forgotten_author(connection, key, post.place, *ids_of(post.place, post.author))
        added = connection.execute(
            insert(customers).values(
                brand=brand,
                place=post.place,
                native_id=post.author.native_id,
                handle=post.author.handle,
                name=post.author.name,
                do_not_contact_at=before.do_not_contact_at if before is not None else None,
            )
        )
        return new_id(added)
    if (row.handle, row.name) != (post.author.handle, post.author.name):
        connection.execute(
            update(customers).where(customers.c.id == row.id).values(handle=post.author.handle, name=post.author.name)
        )
    return int(row.id)


def case_of(connection: Connection, brand: str, customer_id: int, conversation: str) -> Row[Any] | None:
    """This customer's case in this conversation: the live one, else the newest."""
    rows = connection.execute(
        select(cases)
        .where(
            cases.c.brand == brand,
            cases.c.customer_id == customer_id,
            cases.c.conversation_id == conversation,
        )
        .order_by(cases.c.id.desc())
    ).all()
    live = [row for row in rows if CaseState(row.state) in LIVE_CASES]
    return live[0] if live else (rows[0] if rows else None)


def raise_case(
    connection: Connection,
    key: bytes,
    brand: str,
    kept: Kept,
    verdict: Verdict,
    *,
    who: str,
    why: str,
    now: datetime,
) -> int:
    """A new case, or the customer's old one in this conversation, opened again."""
    customer_id = keep_customer(connection, key, brand, kept.post)
    known = case_of(connection, brand, customer_id, kept.post.conversation_id)
    if known is not None:
        if CaseState(known.state) in LIVE_CASES:
            join(connection, key, known, kept, verdict, now)
        else:
            again = "The customer complained again." if kept.news in (News.NEW, News.SAME) else _WROTE[kept.news]
            next_turn(connection, key, known.id, why=again, now=now)
            move_case(
                connection, key, known.id, CaseState.OPEN, who=CUSTOMER,
                why=again, now=now, waiting_since=_since(kept, now), thanked=False,
                urgency=max(known.urgency, verdict.urgency), touched=False,
            )  # fmt: skip
        return int(known.id)
    case_id = _new_case(connection, brand, customer_id, kept, verdict, now)
    write(connection, key, brand, case_id, "case", case_id, "", CaseState.OPEN, who, why, now)
    return case_id


def _new_case(connection: Connection, brand: str, customer_id: int, kept: Kept, verdict: Verdict, now: datetime) -> int:
    added = connection.execute(
        insert(cases).values(
            brand=brand,
            place=kept.post.place,
            customer_id=customer_id,
            conversation_id=kept.post.conversation_id,
            complaint_id=kept.id,
            state=CaseState.OPEN,
            turn=1,
            urgency=_for_regulars(connection, customer_id, verdict.urgency, now),
            topic=verdict.topic,
            language=verdict.language,
            sensitive=verdict.sensitive,
            shop=_shop(connection, brand, kept.post),
            opened_at=now,
            waiting_since=_since(kept, now),
            changed_at=now,
        )
    )
    return new_id(added)


def _for_regulars(connection: Connection, customer_id: int, urgency: int, now: datetime) -> int:
    """Whoever complained before, and not long ago, waits less for the next answer."""
    before = connection.execute(
        select(cases.c.id)
        .where(
            cases.c.customer_id == customer_id,
            cases.c.opened_at > now - _NOT_LONG_AGO,
            cases.c.state != CaseState.DISMISSED,  # that was no complaint
        )
        .limit(1)
    ).first()
    return urgency if before is None or urgency >= SOON else urgency + 1


def hurry(connection: Connection, brand: str, kept: Kept) -> None:
    """Others join in below a complaint: the more of them, the sooner its customer wants an answer."""
    post = kept.post
    complaint = posts.alias("complaint")
    rows = connection.execute(
        select(
            cases.c.id, cases.c.urgency, customers.c.native_id,
            complaint.c.native_id.label("complaint"), complaint.c.reply_to, complaint.c.parent_id,
        )
        .join(customers, customers.c.id == cases.c.customer_id)
        .join(complaint, complaint.c.id == cases.c.complaint_id)
        .where(
            cases.c.brand == brand,
            cases.c.place == post.place,
            cases.c.conversation_id == post.conversation_id,
            cases.c.state == CaseState.OPEN,
            cases.c.urgency < NOW,
        )
    ).all()  # fmt: skip
    for case in rows:
        # Below a complaint that began the conversation is all of it; of one among others only what answers it.
        below: ColumnElement[bool] = true()
        if case.parent_id is not None:
            below = posts.c.parent_id.in_({case.complaint, case.reply_to})
        others = connection.execute(
            select(func.count(func.distinct(posts.c.author_id))).where(
                posts.c.place == post.place,
                posts.c.conversation_id == post.conversation_id,
                posts.c.author_id != case.native_id,
                posts.c.by_account.is_(None),
                below,
            )
        ).scalar_one()
        wanted = NOW if others >= _A_CROWD else SOON if others >= _SOME else 1
        if wanted > case.urgency:
            connection.execute(update(cases).where(cases.c.id == case.id).values(urgency=wanted))


def _since(kept: Kept, now: datetime) -> datetime:
    # An edit is heard now, whenever the post was written; a clock ahead of ours makes nobody wait less than nothing.
    return min(kept.post.created_at, now) if kept.news in (News.NEW, News.SAME) else now


def join(
    connection: Connection,
    key: bytes,
    case: Row[Any],
    kept: Kept,
    verdict: Verdict,
    now: datetime,
) -> None:
    """The customer of a live case wrote or edited: the turn moves, and the case answers to what was said."""
    why = _WROTE[kept.news]
    next_turn(connection, key, case.id, why=why, now=now)
    if is_thanks(verdict):
        connection.execute(update(cases).where(cases.c.id == case.id).values(thanked=True))
        return
    changes: dict[str, Any] = {"thanked": False}
    if verdict.kind is Kind.COMPLAINT:
        changes["urgency"] = max(case.urgency, verdict.urgency)
        changes["sensitive"] = case.sensitive or verdict.sensitive
    if CaseState(case.state) is CaseState.ANSWERED:
        # A follow-up missed is worse than one shown for nothing: all but thanks asks for a look.
        move_case(
            connection, key, case.id, CaseState.OPEN, who=CUSTOMER, why=why, now=now,
            waiting_since=_since(kept, now), **changes,
        )  # fmt: skip
    else:
        connection.execute(update(cases).where(cases.c.id == case.id).values(**changes))


def reconsider(connection: Connection, key: bytes, case: Row[Any], kept: Kept, verdict: Verdict, now: datetime) -> None:
    """An edited post, or a better verdict: retract a case nobody has touched, when it is no complaint any more; one that is worse than we
    thought moves up."""
    if verdict.kind is Kind.COMPLAINT:
        _move_up(connection, case, verdict)
        return
    retract = (
        not case.touched
        and CaseState(case.state) is CaseState.OPEN
        and case.complaint_id == kept.id
        and _only_post(connection, case.id)
    )
    if retract:
        edited = kept.version > 1 and verdict.stage == 1
        why = (
            "The customer edited the post; it is no complaint any more."
            if edited
            else "A second look found no complaint."
        )
        move_case(
            connection, key, case.id, CaseState.DISMISSED, who=MACHINE, why=why, now=now,
            thanked=is_thanks(verdict),
        )  # fmt: skip


def _move_up(connection: Connection, case: Row[Any], verdict: Verdict) -> None:
    """A case is as urgent and as confidential as the worst that was found in it."""
    urgency, sensitive = max(case.urgency, verdict.urgency), case.sensitive or verdict.sensitive
    if (urgency, sensitive) != (case.urgency, case.sensitive):
        connection.execute(update(cases).where(cases.c.id == case.id).values(urgency=urgency, sensitive=sensitive))


def _only_post(connection: Connection, case_id: int) -> bool:
    rows = connection.execute(
        select(mentions.c.id)
        .join(posts, posts.c.id == mentions.c.post_id)
        .where(mentions.c.case_id == case_id, posts.c.deleted_at.is_(None))
        .limit(2)
    ).all()
    return len(rows) <= 1


def deleted(connection: Connection, key: bytes, post_row: Row[Any], why: str, now: datetime) -> None:
    """A post has gone: cases that stand on it move a turn; one with nothing left that nobody touched is closed."""
    connection.execute(update(posts).where(posts.c.id == post_row.id).values(deleted_at=now))
    unteach(connection, [post_row.id], now)
    rows = connection.execute(
        select(cases)
        .join(mentions, mentions.c.case_id == cases.c.id)
        .where(mentions.c.post_id == post_row.id, cases.c.state.in_(sorted(LIVE_CASES)))
    ).all()
    for case in rows:
        next_turn(connection, key, case.id, why=f"The customer's post was {why}.", now=now)
        if _nothing_left(connection, case.id):
            _vanished(connection, key, case, why, now)


def _nothing_left(connection: Connection, case_id: int) -> bool:
    return (
        connection.execute(
            select(mentions.c.id)
            .join(posts, posts.c.id == mentions.c.post_id)
            .where(mentions.c.case_id == case_id, posts.c.deleted_at.is_(None))
            .limit(1)
        ).first()
        is None
    )


def _vanished(connection: Connection, key: bytes, case: Row[Any], why: str, now: datetime) -> None:
    told = f"Everything the customer wrote here was {why}."
    if CaseState(case.state) is CaseState.OPEN and not case.touched:
        move_case(connection, key, case.id, CaseState.DISMISSED, who=MACHINE, why=told, now=now)
    else:
        park(connection, case.id, told)


def _shop(connection: Connection, brand: str, post: Post) -> str | None:
    said = f"{post.title} {post.text}".casefold()
    for shop in one_brand(connection, brand).shops:
        if any(name.casefold() in said for name in (shop.name, *shop.names) if name):
            return shop.key
    return None
