"""Later verdicts: a better look may raise a case, or retract one that nobody has touched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from storage.casebook.moves import MACHINE
from storage.casebook.posts import Kept, News, as_post, with_texts
from storage.casebook.raising import FRESH, belongs, keep_verdict, not_old_any_more, raise_case, reconsider
from storage.casebook.seen import answered_before
from storage.casebook.shelf import Shelf
from storage.lifecycle import LIVE_CASES, MovedOn
from storage.tables import cases, mentions, posts
from storage.words import CaseState, Kind, Verdict


class Verdicts(Shelf):
    """Writes verdicts that come after intake."""

    __slots__ = ()

    def record(self, mention_id: int, verdict: Verdict, now: datetime) -> int | None:
        """Store a later verdict; gives the case it raised, if any. Raises MovedOn when the mention is gone."""
        with self._writing() as connection:
            mention = connection.execute(select(mentions).where(mentions.c.id == mention_id)).one_or_none()
            if mention is None:
                raise MovedOn("This mention is no longer here.")
            row = connection.execute(with_texts().where(posts.c.id == mention.post_id)).one()
            kept = Kept(row.id, row.version, News.SAME, as_post(row), row.by_account)
            new = keep_verdict(connection, mention.brand, mention_id, row.version, verdict, now)
            if not new:
                return None
            if mention.case_id is not None:
                case = connection.execute(select(cases).where(cases.c.id == mention.case_id)).one()
                if CaseState(case.state) in LIVE_CASES:
                    reconsider(connection, self.key, case, kept, verdict, now)
                return None
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
