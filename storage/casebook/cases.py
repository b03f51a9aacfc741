"""Cases: what people do with them. Every move has a name on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, insert, or_, select, update

from storage.casebook.forgotten import check_remembered
from storage.casebook.lessons import DISMISSED_AS, teach, teach_by_case
from storage.casebook.moves import (
    MACHINE,
    case_row,
    is_person,
    last_move,
    move_case,
    name_of,
    next_turn,
    withdraw_held,
    write,
)
from storage.casebook.posts import Kept, News, as_post, with_texts
from storage.casebook.raising import belongs, raise_case
from storage.casebook.shelf import Shelf
from storage.casebook.telling import clock
from storage.lifecycle import MovedOn
from storage.tables import (
    accounts,
    brands,
    cases,
    customers,
    forgotten,
    mentions,
    posts,
    replies,
    resolutions,
    verdicts,
)
from storage.words import CaseState, Kind, ReplyState, Topic, Verdict

_TODAY = 2
"""The urgency of a complaint that a person found, at least."""


class Cases(Shelf):
    """Writes what people decide about cases."""

    __slots__ = ()

    def dismiss(
        self, case_id: int, reason: str, by: str, now: datetime, seen: int | None = None, *, note: str = ""
    ) -> None:
        """No answer needed. `reason` is one of ours (praise, question, not us, …). What was held is taken back, the note is kept with it."""
        with self._writing() as connection:
            row = case_row(connection, case_id)
            check_seen(connection, row, seen, now)
            move_case(
                connection, self.key, row.id, CaseState.DISMISSED,
                who=by, why=f"Dismissed: {reason}", now=now, note=note or None,
            )  # fmt: skip
            withdraw_held(connection, self.key, case_id, why="The case was dismissed.", now=now, who=by)
            if reason in DISMISSED_AS:
                teach_by_case(connection, row, is_complaint=False, kind=DISMISSED_AS[reason], by=by, now=now)

    def reopen(self, case_id: int, why: str, by: str, now: datetime) -> None:
        """Back to needing an answer; proposals are made anew."""
        with self._writing("propose") as connection:
            row = case_row(connection, case_id)
            check_remembered(connection, row)
            move_case(
                connection, self.key, case_id, CaseState.OPEN,
                who=by, why="Opened again.", now=now, note=why or None,
                waiting_since=now, thanked=False,
            )  # fmt: skip
            next_turn(connection, self.key, case_id, why="The case was opened again.", now=now)
            teach_by_case(connection, row, is_complaint=True, by=by, now=now)

    def offline(self, case_id: int, note: str, by: str, now: datetime, seen: int | None = None) -> None:
        """It goes on in private: by message, phone or across the counter. `seen` is the turn in sight of which it was decided."""
        with self._writing() as connection:
            row = case_row(connection, case_id)
            check_seen(connection, row, seen, now)
            move_case(
                connection, self.key, case_id, CaseState.OFFLINE,
                who=by, why="It goes on in private.", now=now, note=note or None,
            )  # fmt: skip
            teach_by_case(connection, row, is_complaint=True, by=by, now=now)

    def resolve(
        self,
        case_id: int,
        cause: str,
        remedy: str,
        prevention: str,
        by: str,
        now: datetime,
        seen: int | None = None,
    ) -> None:
        """Made good. Cause and remedy are needed; prevention may be empty. Raises ValueError, MovedOn."""
        if not cause.strip() or not remedy.strip():
            raise ValueError("Say what went wrong and what you did about it; both help next time.")
        with self._writing() as connection:
            row = case_row(connection, case_id)
            check_seen(connection, row, seen, now)
            move_case(
                connection, self.key, case_id, CaseState.RESOLVED,
                who=by, why="Made good.", now=now,
            )  # fmt: skip
            teach_by_case(connection, row, is_complaint=True, by=by, now=now)
            connection.execute(
                insert(resolutions).values(
                    brand=row.brand,
                    case_id=case_id,
                    cause=cause.strip(),
                    remedy=remedy.strip(),
                    prevention=prevention.strip(),
                    by=by,
                    at=now,
                )
            )

    def already_answered(self, case_id: int, by: str, now: datetime, seen: int | None = None) -> None:
        """A person says it was answered on the site, or in person."""
        with self._writing() as connection:
            row = case_row(connection, case_id)
            check_seen(connection, row, seen, now)
            withdraw_held(connection, self.key, case_id, why="It was already answered.", now=now, who=by)
            move_case(
                connection, self.key, case_id, CaseState.ANSWERED,
                who=by, why="Already answered elsewhere.", now=now,
            )  # fmt: skip
            teach_by_case(connection, row, is_complaint=True, by=by, now=now)

    def snooze(self, case_id: int, until: datetime | None, by: str, now: datetime, seen: int | None = None) -> None:
        """Out of sight until then, or until the customer moves; None wakes it."""
        with self._writing() as connection:
            row = case_row(connection, case_id)
            check_seen(connection, row, seen, now)
            connection.execute(
                update(cases).where(cases.c.id == case_id).values(snoozed_until=until, changed_at=now, touched=True)
            )
            why = f"Snoozed until {until:%Y-%m-%d %H:%M} UTC." if until else "Woken."
            write(
                connection, self.key, row.brand, case_id, "case", case_id,
                row.state, row.state, by, why, now,
            )  # fmt: skip

    def note(self, case_id: int, text: str, by: str, now: datetime) -> None:
        """A note for the people who work here. Raises ValueError when empty."""
        if not text.strip():
            raise ValueError("The note is empty.")
        with self._writing() as connection:
            row = case_row(connection, case_id)
            check_remembered(connection, row)
            connection.execute(update(cases).where(cases.c.id == case_id).values(touched=True))
            write(
                connection, self.key, row.brand, case_id, "case", case_id,
                row.state, row.state, by, "Note", now, note=text.strip(),
            )  # fmt: skip

    def unpark(self, case_id: int, by: str, now: datetime, read: str) -> None:
        """A person has `read` why the case was parked. Raises MovedOn when it is parked for something else by now."""
        with self._writing() as connection:
            row = case_row(connection, case_id)
            if row.parked_why is not None and row.parked_why.split() != read.split():
                raise MovedOn(f"Something else happened meanwhile: {row.parked_why}")
            connection.execute(update(cases).where(cases.c.id == case_id).values(touched=True, parked_why=None))
            write(
                connection, self.key, row.brand, case_id, "case", case_id,
                row.state, row.state, by, "Read why it was parked.", now,
            )  # fmt: skip

    def do_not_contact(self, customer_id: int, by: str, now: datetime) -> None:
        """The customer wants no more messages: what was held is taken back and nothing more goes out."""
        with self._writing() as connection:
            connection.execute(update(customers).where(customers.c.id == customer_id).values(do_not_contact_at=now))
            of_forgotten = select(customers.c.forgotten).where(customers.c.id == customer_id).scalar_subquery()
            connection.execute(update(forgotten).where(forgotten.c.id == of_forgotten).values(do_not_contact_at=now))
            rows = connection.execute(select(cases).where(cases.c.customer_id == customer_id)).all()
            why = "The customer asked for no more messages."
            for row in rows:
                write(connection, self.key, row.brand, row.id, "case", row.id, row.state, row.state, by, why, now)
                withdraw_held(connection, self.key, row.id, why=why, now=now, who=by)

    def raise_missed(self, mention_id: int, by: str, now: datetime) -> int:
        """A person found a complaint that raised no case; gives the case. Raises MovedOn when the mention is gone, or has a case already."""
        with self._writing("propose", "learn") as connection:
            row = connection.execute(select(mentions).where(mentions.c.id == mention_id)).one_or_none()
            if row is None:
                raise MovedOn("This mention is no longer here.")
            if row.case_id is not None:
                raise MovedOn("This mention belongs to a case already.")
            if connection.execute(select(posts.c.deleted_at).where(posts.c.id == row.post_id)).scalar_one() is not None:
                raise MovedOn("This mention is no longer here.")
            teach(connection, mention_id, is_complaint=True, kind=Kind.COMPLAINT, by=by, now=now)
            why = "A person found a complaint that we had missed."
            case_id = raise_aside(connection, self.key, row, why, now, who=by)
            # A person has spoken: no later look takes it back.
            connection.execute(update(cases).where(cases.c.id == case_id).values(touched=True))
            return case_id

    def raise_old_due(self, now: datetime) -> int:
        """One older complaint a day, by the brand's own calendar, for each brand whose owner asked for it."""
        with self._reading() as connection:
            asked = [
                (row.key, now.astimezone(ZoneInfo(row.details["time_zone"])).date())
                for row in connection.execute(select(brands).where(brands.c.old_one_a_day))
            ]
        raised = 0
        for brand, local in asked:
            with self._writing("propose") as connection:
                turned = connection.execute(
                    update(brands)
                    .where(
                        brands.c.key == brand,
                        brands.c.old_one_a_day,
                        or_(
                            brands.c.old_last_on.is_(None),
                            brands.c.old_last_on < local,
                            brands.c.old_last_on > local + timedelta(days=1),  # under another clock
                        ),
                    )
                    .values(old_last_on=local)
                )
                if turned.rowcount != 1:
                    continue
                row = connection.execute(
                    unanswered_old(brand).order_by(posts.c.created_at.desc()).limit(1)
                ).one_or_none()
                if row is not None:
                    raise_aside(connection, self.key, row, "An older complaint, taken up now.", now)
                    raised += 1
        return raised


def raise_aside(connection: Connection, key: bytes, row: Row[Any], why: str, now: datetime, who: str = MACHINE) -> int:
    """Raise the case of a mention that had raised none; gives it."""
    post = connection.execute(with_texts().where(posts.c.id == row.post_id)).one()
    kept = Kept(post.id, post.version, News.SAME, as_post(post), post.by_account)
    judged = connection.execute(
        select(verdicts).where(verdicts.c.mention_id == row.id).order_by(verdicts.c.id.desc()).limit(1)
    ).one()
    found = who != MACHINE  # then it is a complaint, whatever the filter took it for
    verdict = Verdict(
        Kind.COMPLAINT if found else Kind(judged.kind), judged.probability, judged.language, judged.mood,
        Topic(judged.topic), max(judged.urgency, _TODAY if found else 1), (), judged.sensitive,
    )  # fmt: skip
    case_id = raise_case(connection, key, row.brand, kept, verdict, who=who, why=why, now=now)
    belongs(connection, row.id, case_id)
    return case_id


def check_seen(connection: Connection, case: Row[Any], seen: int | None, now: datetime) -> None:
    """Raise MovedOn, saying what came before, when the case has moved a turn since the page was made."""
    if seen is not None and case.turn != seen:
        raise MovedOn(what_came_first(connection, case, now))


def what_came_first(connection: Connection, case: Row[Any], now: datetime) -> str:
    """Who or what moved the case a turn, as a sentence."""
    move = last_move(connection, case.id)
    if move is not None and is_person(move.who):
        when = clock(connection, case.brand, move.at, now)
        return f"{name_of(connection, move.who)} was quicker: {move.why} That was {when}."
    return (
        "The customer wrote, edited or deleted something, or an answer was seen on the site, since you looked. "
        "Have another look before you answer."
    )


def unanswered_old(brand: str) -> Any:
    """SELECT of the mentions of older complaints under which no reply of ours is known."""
    ours = posts.alias("ours")
    return (
        select(mentions)
        .join(posts, posts.c.id == mentions.c.post_id)
        .where(
            mentions.c.brand == brand,
            mentions.c.aside == "old",
            mentions.c.case_id.is_(None),
            posts.c.deleted_at.is_(None),
            ~select(ours.c.id)
            .join(accounts, (accounts.c.place == ours.c.place) & (accounts.c.native_id == ours.c.author_id))
            .where(
                accounts.c.brand == brand,
                ours.c.place == posts.c.place,
                ours.c.by_account.is_not(None),
                ours.c.parent_id.in_([posts.c.native_id, posts.c.reply_to]),
            )
            .exists(),
            ~select(replies.c.id)
            .where(
                replies.c.brand == brand,
                replies.c.place == posts.c.place,
                replies.c.parent_id == posts.c.native_id,
                replies.c.state == ReplyState.POSTED,
            )
            .exists(),
        )
    )
