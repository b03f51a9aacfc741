"""Replies: approval, hold, claim and settling, by the publish protocol. The rules stand in `approving`, the payload in `claiming`.

An approval binds the exact text and the turn that was seen. A claim freezes the payload and commits before any socket is opened.
Every settling carries the claim's fence: one that comes too late changes nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.casebook.approving import check_alone, check_approval, make_reply, proposal_row
from storage.casebook.claiming import freeze, left_of_nothing, looked_for, may_be_another, thaw, to_payload, why_not
from storage.casebook.lessons import teach_by_case
from storage.casebook.moves import (
    MACHINE,
    NOT_POSTED,
    case_row,
    move_reply,
    park,
    reply_row,
    touch,
)
from storage.casebook.pauses import is_paused, not_paused
from storage.casebook.posts import as_post, with_texts
from storage.casebook.seen import answered
from storage.casebook.shelf import Shelf
from storage.casebook.telling import clock, who_was_first
from storage.last_claim import Claimed
from storage.lifecycle import MovedOn
from storage.tables import posts, replies
from storage.words import (
    Origin,
    Post,
    Posted,
    Reply,
    ReplyState,
)

LEASE = timedelta(seconds=90)
"""A claim older than this was left by a process that died: nine times the places' request time-out of 10 s."""

WHICH_ONE = (
    "An answer of ours is there, and it may be this one or the one before, whose address we were not told. "
    "Please look yourself and tell us."
)


Account = tuple[str, str]
"""A brand's key and a place: whose replies go out one after the other."""


@dataclass(frozen=True, slots=True)
class DueReply:
    """A reply whose hold is over, with the post it answers as we know it."""

    id: int
    brand: str
    place: str
    parent: Post
    approved_at: datetime


class Replies(Shelf):
    """Writes replies."""

    __slots__ = ()

    def approve(
        self,
        proposal_id: int,
        seen: int,
        by: str,
        now: datetime,
        *,
        hold: timedelta,
        anyway: bool = False,
    ) -> int:
        """A person's yes to one text, in sight of turn `seen`; gives the reply's id. Raises MovedOn (Blocked for findings)."""
        try:
            with self._writing("post") as connection:
                proposal = proposal_row(connection, proposal_id)
                case = case_row(connection, proposal.case_id)
                check_approval(connection, case, proposal, seen, anyway, by, now)
                reply_id = make_reply(connection, self.key, case, proposal, by, now, hold)
                teach_by_case(connection, case, is_complaint=True, by=by, now=now)
                return reply_id
        except IntegrityError as error:
            raise MovedOn("A reply to this post is already approved or posted; it will not be sent twice.") from error

    def withdraw(self, reply_id: int, by: str, now: datetime) -> None:
        """Undo: taken back before anything went out. Raises MovedOn when it is too late."""
        with self._writing() as connection:
            row = reply_row(connection, reply_id)
            if row.state == ReplyState.POSTED:
                when = clock(connection, row.brand, row.posted_at, now)
                raise MovedOn(f"Too late to undo: it went out {when}. You can take it down.")
            if row.state in (ReplyState.SENDING, ReplyState.UNCERTAIN):
                raise MovedOn("Too late to undo: it is already going out. You can take it down.")
            move_reply(connection, self.key, row, ReplyState.WITHDRAWN, who=by, why="Taken back.", now=now)
            touch(connection, row.case_id)

    def posted_by_hand(self, reply_id: int, url: str | None, by: str, now: datetime) -> None:
        """A person says they posted it on the site."""
        with self._writing() as connection:
            row = reply_row(connection, reply_id)
            if row.state != ReplyState.BY_HAND:
                told = who_was_first(connection, row, "reply", by, now, row.case_id)
                raise MovedOn(told or "This reply is not waiting to be posted by hand.")
            move_reply(
                connection, self.key, row, ReplyState.POSTED,
                who=by, why="Posted by hand.", now=now, posted_at=now, url=url or row.url,
            )  # fmt: skip
            answered(connection, self.key, row.case_id, row.seen_turn, who=by, now=now)

    def hand_over(self, reply_id: int, by: str, now: datetime) -> None:
        """Refused by the platform: a person will post it on the site. Raises MovedOn when another took its place meanwhile."""
        try:
            with self._writing() as connection:
                row = reply_row(connection, reply_id)
                check_alone(connection, row.id, row.brand, row.parent_post, row.audience)
                move_reply(
                    connection, self.key, row, ReplyState.BY_HAND,
                    who=by, why="To be posted by hand.", now=now, origin=Origin.BY_HAND,
                )  # fmt: skip
                touch(connection, row.case_id)
        except IntegrityError as error:
            raise MovedOn("Another reply to this post is already approved or posted.") from error

    def person_says(self, reply_id: int, there: bool, by: str, now: datetime) -> None:
        """We could not know whether it went out; a person looked. Raises MovedOn when it was settled meanwhile."""
        with self._writing() as connection:
            row = reply_row(connection, reply_id)
            if row.state != ReplyState.UNCERTAIN:
                told = who_was_first(connection, row, "reply", by, now, row.case_id)
                raise MovedOn(f"This has been settled meanwhile. {told or ''}".strip())
            if there:
                move_reply(
                    connection, self.key, row, ReplyState.POSTED,
                    who=by, why="A person saw it on the site.", now=now,
                    posted_at=row.sent_at, look_at=None,
                )  # fmt: skip
                answered(connection, self.key, row.case_id, row.seen_turn, who=by, now=now)
            else:
                move_reply(
                    connection, self.key, row, ReplyState.REFUSED,
                    who=by, why="A person looked: it is not on the site.", now=now, look_at=None,
                )  # fmt: skip
            touch(connection, row.case_id)

    # What the outbox does -------------------------------------------------------------------------------------------

    def due(self, now: datetime, limit: int = 20, account: Account | None = None) -> tuple[DueReply, ...]:
        """Approved replies whose hold is over, oldest first; only those of one `account` where it is given. Paused brands' wait."""
        query = select(replies).where(_is_due(now)).order_by(replies.c.due_at, replies.c.id).limit(limit)
        if account is not None:
            query = query.where(replies.c.brand == account[0], replies.c.place == account[1])
        with self._reading() as connection:
            rows = connection.execute(query).all()
            return tuple(
                DueReply(row.id, row.brand, row.place, _parent(connection, row.parent_post), row.approved_at)
                for row in rows
            )

    def due_accounts(self, now: datetime) -> tuple[Account, ...]:
        """The accounts for which replies are due."""
        with self._reading() as connection:
            rows = connection.execute(select(replies.c.brand, replies.c.place).where(_is_due(now)).distinct()).all()
        return tuple(sorted((str(row.brand), str(row.place)) for row in rows))

    def claim(self, reply_id: int, now: datetime) -> Reply | None:
        """Take a due reply for posting, payload frozen and committed. None when it may not go out (told on its case) or not now."""
        with self._noted() as claimed, self._writing() as connection:
            row = reply_row(connection, reply_id)
            if row.state != ReplyState.APPROVED or row.due_at > now:
                return None
            if is_paused(connection, row.brand):
                return None
            if self.last_claim is not None:
                self.last_claim.check(connection)
            stop = why_not(connection, row)
            if stop is not None:
                move_reply(
                    connection, self.key, row, ReplyState.WITHDRAWN,
                    who=MACHINE, why=stop, now=now,
                )  # fmt: skip
                park(connection, row.case_id, f"{NOT_POSTED} {stop}")
                return None
            reply = freeze(connection, row, now)
            move_reply(
                connection, self.key, row, ReplyState.SENDING,
                who=MACHINE, why="Going out.", now=now,
                attempt=reply.attempt, fence=reply.fence, payload=to_payload(reply),
                sent_at=now, lease_until=now + LEASE,
            )  # fmt: skip
            claimed.is_made(connection)
            return reply

    def _noted(self) -> AbstractContextManager[Claimed]:
        return self.last_claim.around() if self.last_claim is not None else nullcontext(Claimed())

    def posted(self, reply_id: int, fence: int, posted: Posted, now: datetime) -> None:
        """It is up. Raises MovedOn when the claim no longer holds."""
        with self._writing() as connection:
            row = _claimed(connection, reply_id, fence)
            self._up(connection, row, posted, "Posted.", now)

    def put_back(self, reply_id: int, fence: int, why: str, due_at: datetime, now: datetime) -> None:
        """Nothing went out; it is due again at `due_at`."""
        with self._writing() as connection:
            row = _claimed(connection, reply_id, fence)
            move_reply(
                connection, self.key, row, ReplyState.APPROVED,
                who=MACHINE, why="Nothing went out; it will be tried again.", now=now,
                due_at=due_at, lease_until=None, payload=left_of_nothing(row),
            )  # fmt: skip
            _say(connection, reply_id, why)

    def put_off(self, reply_id: int, why: str, due_at: datetime, now: datetime) -> None:
        """Still approved, not yet claimed: try later, and say why it waits."""
        with self._writing() as connection:
            connection.execute(
                update(replies)
                .where(replies.c.id == reply_id, replies.c.state == ReplyState.APPROVED)
                .values(due_at=due_at, why=why[:500], changed_at=now)
            )

    def refused(self, reply_id: int, fence: int, why: str, now: datetime, *, by_hand: bool = False) -> None:
        """The platform said no, for good. The case is parked for a person; `by_hand`: it can still be posted on the site."""
        with self._writing() as connection:
            row = _claimed(connection, reply_id, fence)
            move_reply(
                connection, self.key, row, ReplyState.REFUSED,
                who=MACHINE, why="The platform refused it.", now=now, lease_until=None,
            )  # fmt: skip
            _say(connection, reply_id, why)
            if by_hand:
                refused = reply_row(connection, reply_id)
                move_reply(
                    connection, self.key, refused, ReplyState.BY_HAND,
                    who=MACHINE, why="It can still be posted by hand.", now=now,
                    origin=Origin.BY_HAND,
                )  # fmt: skip
            park(connection, row.case_id, f"The reply could not be posted: {why}")

    def unsure(self, reply_id: int, fence: int, why: str, look_at: datetime, now: datetime) -> None:
        """It may be up: look at `look_at`, before anything else."""
        with self._writing() as connection:
            row = _claimed(connection, reply_id, fence)
            move_reply(
                connection, self.key, row, ReplyState.UNCERTAIN,
                who=MACHINE, why="We don't know whether it went out.", now=now,
                look_at=look_at, looks=0, lease_until=None,
            )  # fmt: skip
            _say(connection, reply_id, why)

    def stranded(self, now: datetime) -> tuple[Reply, ...]:
        """Replies left in `sending` by a process that died. One whose lease ends too far off was claimed under another clock."""
        with self._reading() as connection:
            rows = connection.execute(
                select(replies)
                .where(
                    replies.c.state == ReplyState.SENDING,
                    or_(replies.c.lease_until <= now, replies.c.lease_until > now + LEASE),
                )
                .order_by(replies.c.id)
            ).all()
        return tuple(thaw(row) for row in rows)

    def to_look(self, now: datetime) -> tuple[tuple[Reply, int], ...]:
        """Uncertain replies to look for now, each with the number of empty looks so far."""
        with self._reading() as connection:
            rows = connection.execute(
                select(replies)
                .where(replies.c.state == ReplyState.UNCERTAIN, replies.c.look_at <= now)
                .order_by(replies.c.look_at, replies.c.id)
            ).all()
            return tuple((looked_for(connection, row), int(row.looks)) for row in rows)

    def found(self, reply_id: int, fence: int, posted: Posted, now: datetime) -> bool:
        """Looking found it: it had gone out. False, and a person is asked, when what was found may be another reply of ours."""
        with self._writing() as connection:
            row = _uncertain(connection, reply_id, fence)
            if may_be_another(connection, row):
                _looked(connection, row, WHICH_ONE, None, now)
                return False
            self._up(connection, row, posted, "We looked: it had gone out.", now)
            return True

    def not_found(self, reply_id: int, fence: int, why: str, look_at: datetime | None, now: datetime) -> None:
        """A look found nothing. Look again at `look_at`; None: only a person can tell now, and is told."""
        with self._writing() as connection:
            _looked(connection, _uncertain(connection, reply_id, fence), why, look_at, now)

    def look_later(self, reply_id: int, fence: int, look_at: datetime, why: str, now: datetime) -> None:
        """Looking was not possible now; that counts for nothing."""
        with self._writing() as connection:
            connection.execute(
                update(replies)
                .where(
                    replies.c.id == reply_id,
                    replies.c.fence == fence,
                    replies.c.state == ReplyState.UNCERTAIN,
                )
                .values(look_at=look_at, why=why[:500], changed_at=now)
            )

    def look_anew(self, place: str, look_at: datetime, now: datetime) -> None:
        """A clock jumped: how far apart the looks on this place were is not known, so they begin again."""
        with self._writing() as connection:
            connection.execute(
                update(replies)
                .where(
                    replies.c.place == place, replies.c.state == ReplyState.UNCERTAIN, replies.c.look_at.is_not(None)
                )
                .values(looks=0, look_at=look_at, changed_at=now)
            )

    def try_again(self, reply_id: int, fence: int, now: datetime, *, keyed: bool) -> None:
        """Post once more: only where a key makes a repeat harmless, or two looks found nothing. Raises MovedOn otherwise."""
        with self._writing("post") as connection:
            row = _uncertain(connection, reply_id, fence)
            if not keyed and row.looks < 2:
                raise MovedOn("Two empty looks are needed before anything is posted again.")
            move_reply(
                connection, self.key, row, ReplyState.APPROVED,
                who=MACHINE, why="It did not go out; it will be posted once more.", now=now,
                due_at=now, look_at=None,
            )  # fmt: skip

    def _up(
        self,
        connection: Connection,
        row: Row[Any],
        posted: Posted,
        why: str,
        now: datetime,
    ) -> None:
        move_reply(
            connection, self.key, row, ReplyState.POSTED,
            who=MACHINE, why=why, now=now,
            posted_at=posted.at, native_id=posted.native_id, url=posted.url,
            lease_until=None, look_at=None,
        )  # fmt: skip
        answered(connection, self.key, row.case_id, row.seen_turn, who=MACHINE, now=now)


def _is_due(now: datetime) -> Any:
    return and_(replies.c.state == ReplyState.APPROVED, replies.c.due_at <= now, not_paused(replies.c.brand))


def _looked(connection: Connection, row: Row[Any], why: str, look_at: datetime | None, now: datetime) -> None:
    connection.execute(
        update(replies)
        .where(replies.c.id == row.id, replies.c.fence == row.fence)
        .values(looks=replies.c.looks + 1, look_at=look_at, why=why[:500], changed_at=now)
    )
    if look_at is None:
        park(connection, row.case_id, f"We don't know whether your reply went out: {why}")


def _parent(connection: Connection, post_id: int) -> Post:
    return as_post(connection.execute(with_texts().where(posts.c.id == post_id)).one())


def _claimed(connection: Connection, reply_id: int, fence: int) -> Row[Any]:
    return _held(connection, reply_id, fence, ReplyState.SENDING)


def _uncertain(connection: Connection, reply_id: int, fence: int) -> Row[Any]:
    return _held(connection, reply_id, fence, ReplyState.UNCERTAIN)


def _held(connection: Connection, reply_id: int, fence: int, state: ReplyState) -> Row[Any]:
    row = reply_row(connection, reply_id)
    if row.fence != fence or row.state != state:
        raise MovedOn("This reply has been settled by another process.")
    return row


def _say(connection: Connection, reply_id: int, why: str) -> None:
    connection.execute(update(replies).where(replies.c.id == reply_id).values(why=why[:500]))
