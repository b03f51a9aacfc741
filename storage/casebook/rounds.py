"""Rounds: one poll, judged and recorded in one transaction together with its cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, update

from storage.casebook.forgotten import forgotten_posts, without_forgotten
from storage.casebook.moves import CUSTOMER, MACHINE
from storage.casebook.poison import keep_poison, take_each
from storage.casebook.posts import Kept, News, as_post, keep, known_as_they_are, with_texts
from storage.casebook.raising import (
    FRESH,
    belongs,
    case_of,
    deleted,
    hurry,
    join,
    keep_customer,
    keep_mention,
    keep_verdict,
    not_old_any_more,
    raise_case,
    reconsider,
)
from storage.casebook.repeats import judge_repeats
from storage.casebook.seen import answered_before, own_post
from storage.casebook.shelf import Shelf
from storage.casebook.sources import settle
from storage.lifecycle import LIVE_CASES
from storage.tables import cases, mentions, posts, sources
from storage.words import Batch, CaseState, Gone, Kind, Poison, Post, Verdict

IMPORT = "import"
"""What quarantine calls the source of texts from a file or pasted by hand."""

FOLLOWED_FOR = timedelta(days=14)
"""How long an answered case is looked at again; an open one always is."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A post with the filter's verdict on it."""

    post: Post
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Round:
    """What a round brought: new mentions, repeats, cases raised, complaints too old to raise, poisoned posts."""

    found: int = 0
    repeats: int = 0
    raised: tuple[int, ...] = ()
    old: int = 0
    poison: int = 0


@dataclass(slots=True)
class _Tally:
    found: int = 0
    repeats: int = 0
    raised: list[int] = field(default_factory=list)
    old: int = 0
    poison: int = 0

    def add(self, other: _Tally) -> None:
        self.found += other.found
        self.repeats += other.repeats
        self.raised += other.raised
        self.old += other.old

    def round(self) -> Round:
        return Round(self.found, self.repeats, tuple(self.raised), self.old, self.poison)


class Rounds(Shelf):
    """Writes posts, mentions, verdicts and the cases they raise."""

    __slots__ = ()

    def news_among(self, brand: str, found: Sequence[Post]) -> tuple[Post, ...]:
        """Without those that are stored as they are: pages overlap, and these need neither be judged again nor hold up who writes."""
        if not found:
            return ()
        with self._reading() as connection:
            known = known_as_they_are(connection, brand, found)
        return tuple(post for post in found if (post.place, post.native_id) not in known)

    def record(self, source_key: str, fence: int, judged: Sequence[Judged], batch: Batch, now: datetime) -> Round:
        """One batch of one source with its cursor, all or nothing. Raises MovedOn when the source's claim was lost."""
        with self._writing() as connection:
            brand, place = _whose(connection, source_key)
            told = without_forgotten(connection, self.key, place, batch.poison)
            settle(connection, source_key, fence, batch, now)
            return self._take_all(connection, brand, source_key, judged, told, now)

    def record_import(
        self,
        brand: str,
        judged: Sequence[Judged],
        now: datetime,
        store_only: bool = False,
        poison: Sequence[Poison] = (),
    ) -> Round:
        """Texts from a file or pasted by hand. With `store_only` no case is raised."""
        with self._writing() as connection:
            return self._take_all(connection, brand, None, judged, poison, now, store_only=store_only)

    def _take_all(
        self,
        connection: Connection,
        brand: str,
        source_key: str | None,
        judged: Sequence[Judged],
        poison: Sequence[Poison],
        now: datetime,
        *,
        store_only: bool = False,
    ) -> Round:
        tally, named = _Tally(), source_key or IMPORT
        ordered = _in_order(self._remembered(connection, judged))
        tally.repeats = len(judged) - len(ordered)
        keep_poison(connection, brand, named, poison, now)

        def take(number: int) -> None:
            this = _Tally()
            self._take(connection, brand, source_key, ordered[number], this, now, store_only=store_only)
            tally.add(this)  # only once it is stored

        spoiled = take_each(connection, brand, named, [one.post for one in ordered], now, take)
        tally.poison = len(poison) + spoiled
        if tally.repeats < len(judged):
            self._wake(connection, "propose")
        return tally.round()

    def _remembered(self, connection: Connection, judged: Sequence[Judged]) -> list[Judged]:
        gone = forgotten_posts(connection, self.key, [one.post for one in judged])
        return [one for one in judged if (one.post.place, one.post.native_id) not in gone]

    def _take(
        self,
        connection: Connection,
        brand: str,
        source_key: str | None,
        one: Judged,
        tally: _Tally,
        now: datetime,
        *,
        store_only: bool = False,
    ) -> None:
        kept = keep(connection, brand, one.post, now)
        if kept.by_account is not None:
            own_post(connection, self.key, kept, now)
            return
        mention_id, is_new, case_id = keep_mention(connection, brand, kept, source_key, now)
        if not is_new and kept.news is News.SAME:
            tally.repeats += 1
            return
        one = Judged(one.post, judge_repeats(connection, self.key, kept, one.verdict, now))
        keep_verdict(connection, brand, mention_id, kept.version, one.verdict, now)
        tally.found += is_new
        if is_new and kept.post.parent_id is not None:
            hurry(connection, brand, kept)
        if not is_new and case_id is not None:
            if self._edited(connection, case_id, kept, one.verdict, now, may_reopen=not store_only):
                tally.raised.append(case_id)
        else:
            self._consider(connection, brand, mention_id, kept, one.verdict, tally, now, store_only)

    def _edited(
        self,
        connection: Connection,
        case_id: int,
        kept: Kept,
        verdict: Verdict,
        now: datetime,
        *,
        may_reopen: bool = True,
    ) -> bool:
        """A post of a case was edited, or is back after it had gone. Gives whether a closed case was opened again."""
        case = connection.execute(select(cases).where(cases.c.id == case_id)).one()
        if CaseState(case.state) in LIVE_CASES:
            join(connection, self.key, case, kept, verdict, now)
            reconsider(connection, self.key, case, kept, verdict, now)
            return False
        # What only the machine closed (praise for a while, gone for a while) opens as soon as it complains again.
        news_to_us = kept.news is News.CHANGED or not case.touched
        if not may_reopen or not news_to_us or verdict.kind is not Kind.COMPLAINT:
            return False
        raised = raise_case(connection, self.key, case.brand, kept, verdict, who=CUSTOMER, why="", now=now)
        return raised == case_id

    def _consider(
        self,
        connection: Connection,
        brand: str,
        mention_id: int,
        kept: Kept,
        verdict: Verdict,
        tally: _Tally,
        now: datetime,
        store_only: bool,
    ) -> None:
        if kept.post.is_repost:
            return
        customer_id = keep_customer(connection, self.key, brand, kept.post)
        case = case_of(connection, brand, customer_id, kept.post.conversation_id)
        if case is not None and CaseState(case.state) in LIVE_CASES:
            join(connection, self.key, case, kept, verdict, now)
            belongs(connection, mention_id, int(case.id))
            return
        raises_none = store_only or now - kept.post.created_at > FRESH
        if raises_none:  # nor would a second look
            connection.execute(update(mentions).where(mentions.c.id == mention_id).values(again_at=None))
        if verdict.kind is not Kind.COMPLAINT:
            if kept.news is not News.NEW:
                not_old_any_more(connection, mention_id)
            return
        if raises_none:
            aside = "stored" if store_only else "old"
            connection.execute(update(mentions).where(mentions.c.id == mention_id).values(aside=aside))
            tally.old += 1
            return
        raised = raise_case(
            connection, self.key, brand, kept, verdict, who=MACHINE, why="A complaint was found.", now=now
        )  # fmt: skip
        belongs(connection, mention_id, raised)
        tally.raised.append(raised)
        answered_before(connection, self.key, kept, now)

    def record_again(self, brand: str, seen: Sequence[Judged | Gone], place: str, now: datetime) -> None:
        """What looking again showed: edits, deletions, answers in the thread. Posts that no source has brought raise no case here."""
        with self._writing("propose") as connection:
            for gone in seen:
                if isinstance(gone, Gone):
                    self._gone(connection, place, gone, now)
            judged = _in_order(self._remembered(connection, [one for one in seen if isinstance(one, Judged)]))
            take_each(
                connection, brand, f"{place}:again", [one.post for one in judged], now,
                lambda number: self._see_again(connection, brand, judged[number], now),
            )  # fmt: skip

    def _gone(self, connection: Connection, place: str, gone: Gone, now: datetime) -> None:
        row = connection.execute(
            select(posts).where(
                posts.c.place == place,
                posts.c.native_id == gone.native_id,
                posts.c.deleted_at.is_(None),
            )
        ).one_or_none()
        if row is not None:
            deleted(connection, self.key, row, gone.why, now)

    def _see_again(self, connection: Connection, brand: str, one: Judged, now: datetime) -> None:
        kept = keep(connection, brand, one.post, now)
        if kept.by_account is not None:
            own_post(connection, self.key, kept, now)
            return
        known = connection.execute(
            select(mentions.c.id, mentions.c.case_id).where(mentions.c.brand == brand, mentions.c.post_id == kept.id)
        ).one_or_none()
        if known is None:
            self._overheard(connection, brand, kept, one.verdict, now)
            hurry(connection, brand, kept)
        elif kept.news is not News.SAME:
            keep_verdict(connection, brand, known.id, kept.version, one.verdict, now)
            if known.case_id is not None:
                self._edited(connection, known.case_id, kept, one.verdict, now)
            else:  # the next round will take it for a repeat
                self._consider(connection, brand, known.id, kept, one.verdict, _Tally(), now, store_only=False)

    def _overheard(self, connection: Connection, brand: str, kept: Kept, verdict: Verdict, now: datetime) -> None:
        customer_id = keep_customer(connection, self.key, brand, kept.post)
        case = case_of(connection, brand, customer_id, kept.post.conversation_id)
        if case is None or CaseState(case.state) not in LIVE_CASES or kept.post.is_repost:
            return
        mention_id, _, _ = keep_mention(connection, brand, kept, None, now)
        keep_verdict(connection, brand, mention_id, kept.version, verdict, now)
        join(connection, self.key, case, kept, verdict, now)
        belongs(connection, mention_id, int(case.id))

    def to_follow(
        self, brand: str, place: str, now: datetime, every: timedelta = timedelta(minutes=5)
    ) -> tuple[tuple[int, Post], ...]:
        """Take the live cases not looked at for `every`: (case id, a standing post of the customer), complaint first."""
        query = select(cases.c.id, cases.c.complaint_id).where(
            cases.c.brand == brand,
            cases.c.place == place,
            or_(
                cases.c.state == CaseState.OPEN,
                cases.c.state.in_([CaseState.ANSWERED, CaseState.OFFLINE]) & (cases.c.changed_at > now - FOLLOWED_FOR),
            ),
            or_(
                cases.c.followed_at.is_(None),
                cases.c.followed_at <= now - every,
                cases.c.followed_at > now,  # under another clock
            ),
        )
        with self._reading() as connection:  # most often there is nothing, and that is not worth other writers' waiting
            if connection.execute(query.limit(1)).first() is None:
                return ()
        with self._writing() as connection:
            due = connection.execute(query).all()
            if not due:
                return ()
            ids = [row.id for row in due]
            connection.execute(update(cases).where(cases.c.id.in_(ids)).values(followed_at=now))
            complaints = {row.complaint_id for row in due}
            rows = connection.execute(
                with_texts()
                .add_columns(mentions.c.case_id)
                .join(mentions, mentions.c.post_id == posts.c.id)
                .where(mentions.c.case_id.in_(ids), posts.c.deleted_at.is_(None))
                .order_by(mentions.c.case_id, posts.c.created_at, posts.c.id)
            ).all()
        rows = sorted(rows, key=lambda row: (row.case_id, row.id not in complaints))
        return tuple((int(row.case_id), as_post(row)) for row in rows)


def _in_order(judged: Sequence[Judged]) -> list[Judged]:
    # Platforms give newest first; a conversation only makes sense oldest first, and what began it first of all.
    return sorted(judged, key=lambda one: (one.post.created_at, one.post.parent_id is not None))


def _whose(connection: Connection, source_key: str) -> tuple[str, str]:
    row = connection.execute(select(sources.c.brand, sources.c.place).where(sources.c.key == source_key)).one()
    return str(row.brand), str(row.place)
