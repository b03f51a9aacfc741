"""Builders for the storage tests: Ana's Rose Bakery, Cora who complains, and the ways they meet in a real base."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, event, inspect, text

from storage.casebook import Casebook, Judged, Round
from storage.reading import Reading
from storage.views import CaseFile, SourceState
from storage.words import (
    Account,
    Audience,
    Author,
    Batch,
    Brand,
    CaseState,
    Draft,
    Finding,
    Kind,
    Poison,
    Post,
    Posted,
    Purpose,
    Reach,
    ReachHow,
    Reply,
    ReplyState,
    Shop,
    Topic,
    Verdict,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOLD = timedelta(seconds=60)
KEY = b"the key of the tests"

CORA = Author("c-1", "cora", "Cora")
DAN = Author("d-1", "dan", "Dan")
US = Author("us-1", "rosebakery", "Rose Bakery")
OUR_ACCOUNT = Account("x", US.native_id, US.handle, US.name)

ROSE = Brand(
    key="rosebakery",
    name="Rose Bakery",
    names=("rose bakery",),
    handles={"x": "rosebakery"},
    time_zone="Europe/Berlin",
    shops=(Shop("market", "Market Street", names=("market street",)), Shop("harbour", "Harbour")),
)
SWIFT = Brand(key="swiftcourier", name="Swift Courier", handles={"x": "swiftcourier"})

BY_API = Reach(ReachHow.API, "Cora mentioned you.", Decimal("0.01"))
BY_HAND = Reach(ReachHow.BY_HAND, "You were not mentioned; post it on the site.")
OUT_OF_REACH = Reach(ReachHow.NONE, "The thread is locked.")

SORRY = "Sorry, Cora. The cake should have been right. Write to us and we will put it right."


def post(
    native_id: str = "p1",
    said: str = "My cake was stale",
    *,
    by: Author = CORA,
    at: datetime = NOON,
    conversation: str | None = None,
    **also: Any,
) -> Post:
    """A public post, by Cora unless somebody else is named, in a conversation of its own unless one is named."""
    return Post("x", native_id, by, said, at, conversation or native_id, **also)


def answer(native_id: str, under: Post, said: str, *, by: Author, at: datetime, **also: Any) -> Post:
    """A post under another one."""
    return post(native_id, said, by=by, at=at, conversation=under.conversation_id, parent_id=under.native_id, **also)


def verdict(kind: Kind = Kind.COMPLAINT, urgency: int = 2, **also: Any) -> Verdict:
    """What the filter says; a complaint unless told otherwise."""
    mood = {Kind.COMPLAINT: -0.6, Kind.PRAISE: 0.8}.get(kind, 0.0)
    return Verdict(kind, 0.9, "en", mood, Topic.PRODUCT, urgency, (), model_version="test-1", **also)


COMPLAINT, PRAISE, CHATTER = verdict(), verdict(Kind.PRAISE), verdict(Kind.CHATTER)


def draft(said: str = SORRY, *, purpose: Purpose = Purpose.ACKNOWLEDGE, findings: Sequence[Finding] = ()) -> Draft:
    """A proposed text."""
    return Draft(said, "en", Audience.PUBLIC, purpose, tuple(findings))


@dataclass
class House:
    """A migrated base with the bakery in it, and short ways of doing what the rooms do with it."""

    engine: Engine
    casebook: Casebook
    reading: Reading
    ana: str = ""
    ben: str = ""

    def open_shop(self) -> None:
        """Two brands, our account, Ana and Ben, and one source."""
        book = self.casebook
        book.brands.sync([ROSE, SWIFT], NOON - DAY)
        book.brands.own_account(ROSE.key, OUR_ACCOUNT, NOON - DAY)
        self.ana = f"person:{book.people.add('ana@rosebakery.example', 'Ana', 'owner', 'hash', NOON - DAY)}"
        self.ben = f"person:{book.people.add('ben@rosebakery.example', 'Ben', 'member', 'hash', NOON - DAY)}"
        book.sources.ensure("x:mentions:rosebakery", ROSE.key, "x", 2 * MINUTE, NOON - DAY)

    def claim_source(self, now: datetime = NOON) -> SourceState:
        """The source, claimed at once."""
        self.casebook.sources.poll_now(now)
        claimed = self.casebook.sources.claim("x:mentions:rosebakery", now)
        assert claimed is not None
        return claimed

    def hear(
        self,
        *heard: Judged | Post,
        now: datetime | None = None,
        cursor: str = "cursor-1",
        poison: Sequence[Poison] = (),
    ) -> Round:
        """One poll: what was posted, as complaints unless judged otherwise, recorded a minute after the newest."""
        judged = [one if isinstance(one, Judged) else Judged(one, COMPLAINT) for one in heard]
        newest = max((one.post.created_at for one in judged), default=NOON)
        at = now or newest + MINUTE
        batch = Batch(tuple(one.post for one in judged), cursor, poison=tuple(poison))
        claimed = self.claim_source(at)
        return self.casebook.rounds.record(claimed.key, claimed.fence, judged, batch, at)

    def complain(self, said: Post | None = None, urgency: int = 2, now: datetime | None = None) -> int:
        """Cora complains; gives the case."""
        heard = self.hear(Judged(said or post(), verdict(urgency=urgency)), now=now)
        assert len(heard.raised) == 1
        return heard.raised[0]

    def file(self, case_id: int) -> CaseFile:
        """Everything about a case."""
        found = self.reading.case(case_id)
        assert found is not None
        return found

    def state(self, case_id: int) -> CaseState:
        """The case's state."""
        return self.file(case_id).case.state

    def reply_state(self, reply_id: int) -> ReplyState:
        """The reply's state."""
        return ReplyState(self.one("SELECT state FROM replies WHERE id = :id", id=reply_id))

    def propose(self, case_id: int, *drafts: Draft, reach: Reach = BY_API, now: datetime | None = None) -> int:
        """Proposals for the case's present turn; gives the best one."""
        turn = self.file(case_id).case.turn
        ids = self.casebook.proposals.store(case_id, turn, drafts or (draft(),), reach, now or NOON + 2 * MINUTE)
        return ids[0]

    def propose_own(
        self, case_id: int, said: str, *, purpose: Purpose, reach: Reach = BY_API, now: datetime = NOON + 2 * MINUTE
    ) -> int:
        """A text of Ana's own."""
        return self.casebook.proposals.write(case_id, draft(said, purpose=purpose), reach, now)

    def approve(
        self,
        proposal_id: int,
        by: str | None = None,
        now: datetime = NOON + 3 * MINUTE,
        hold: timedelta = HOLD,
        *,
        anyway: bool = False,
    ) -> int:
        """Ana's yes in sight of the present turn; gives the reply."""
        turn = self.one(
            "SELECT turn FROM cases WHERE id = (SELECT case_id FROM proposals WHERE id = :id)", id=proposal_id
        )
        return self.casebook.replies.approve(proposal_id, turn, by or self.ana, now, hold=hold, anyway=anyway)

    def approved(self, case_id: int | None = None, *, reach: Reach = BY_API, purpose: Purpose | None = None) -> int:
        """A reply that Ana has approved, held until four minutes past noon."""
        case_id = case_id if case_id is not None else self.complain()
        return self.approve(self.propose(case_id, draft(purpose=purpose or Purpose.ACKNOWLEDGE), reach=reach))

    def by_hand(self, case_id: int | None = None) -> int:
        """A reply that Ana approved and is to post by hand."""
        return self.approved(case_id, reach=BY_HAND)

    def sending(self, reply_id: int | None = None, now: datetime = NOON + 5 * MINUTE) -> Reply:
        """A reply claimed for posting."""
        claimed = self.casebook.replies.claim(reply_id if reply_id is not None else self.approved(), now)
        assert claimed is not None
        return claimed

    def posted(
        self, reply_id: int | None = None, native_id: str | None = "r1", now: datetime = NOON + 5 * MINUTE
    ) -> int:
        """A reply that is up."""
        reply = self.sending(reply_id, now)
        url = f"https://x.example/{native_id}" if native_id else None
        self.casebook.replies.posted(reply.id, reply.fence, Posted(native_id, url, now + SECOND), now + SECOND)
        return reply.id

    def unsure(self, reply_id: int | None = None, now: datetime = NOON + 5 * MINUTE) -> Reply:
        """A reply that may have gone out; it is to be looked for ten minutes later."""
        reply = self.sending(reply_id, now)
        self.casebook.replies.unsure(reply.id, reply.fence, "The connection broke.", now + 10 * MINUTE, now + SECOND)
        return reply

    def refused(self, reply_id: int | None = None, now: datetime = NOON + 5 * MINUTE) -> int:
        """A reply that the platform refused."""
        reply = self.sending(reply_id, now)
        self.casebook.replies.refused(reply.id, reply.fence, "Cora limits replies.", now + SECOND)
        return reply.id

    def history(self, case_id: int) -> list[tuple[str, str, str, str]]:
        """(who, what, was, is now) for every row of the case's history."""
        return [(move.who, move.thing, move.was, move.now_is) for move in self.file(case_id).history]

    @contextmanager
    def before_each(self, said: Callable[[str], None]) -> Iterator[None]:
        """Call `said` with every statement before it is run."""

        def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            said(statement)

        event.listen(self.engine, "before_cursor_execute", listen)
        try:
            yield
        finally:
            event.remove(self.engine, "before_cursor_execute", listen)

    def one(self, sql: str, **values: Any) -> Any:
        """The one value a query gives."""
        with self.engine.connect() as connection:
            return connection.execute(text(sql), values).scalar_one()

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def do(self, sql: str, **values: Any) -> None:
        """Raw SQL, past the casebook: what a careless or hostile hand could try."""
        with self.engine.begin() as connection:
            connection.execute(text(sql), values)

    def meddle(self, when: str, sqlite: str, postgres: str) -> None:
        """A trigger: somebody else is quicker, between our look and our writing. `when` is such as "BEFORE INSERT ON digests"."""
        if self.engine.dialect.name == "sqlite":
            self.do(f"CREATE TRIGGER quick {when} BEGIN {sqlite}; END")
            return
        self.do(f"CREATE FUNCTION quick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {postgres}; END $$")
        self.do(f"CREATE TRIGGER quick {when} FOR EACH ROW EXECUTE FUNCTION quick()")

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table but the sources' claims, to see that nothing changed."""
        names = sorted(inspect(self.engine).get_table_names())
        return {name: sorted(self.rows(f'SELECT * FROM "{name}"'), key=repr) for name in names}


def us(said: Post) -> Post:
    """The same post, written by our own account."""
    return replace(said, author=US)
