"""Hearings: how each brand is listened for. A hearing is a row that never changes, but for losing its weights with a forgotten lesson, or
when it is old.

The newest counts. Lines, weights and what they were made from are numbers and bytes here; the monitor knows what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, false, func, insert, or_, select, update

from storage.casebook.lessons import learn_soon, teach
from storage.casebook.posts import as_post, with_texts
from storage.casebook.shelf import Shelf
from storage.lifecycle import MovedOn
from storage.tables import brands, hearings, lessons, mentions, post_texts, posts, verdicts
from storage.views import SHIPPED, Hearing, JudgedMention, Lesson
from storage.words import Kind

EVERY = timedelta(days=1)
"""How often a brand's lines are found anew, with nothing taught."""
WEIGHTS_KEPT = 90
"""How many of a brand's newest hearings keep their weights, some three months of them: for an older one they are made anew from its lessons."""
_LEARNING_TAKES = timedelta(minutes=10)
"""After so long another may learn for a brand whose learner died."""


class Hearings(Shelf):
    """Writes how brands are listened for."""

    __slots__ = ()

    def current(self, brand: str) -> Hearing | None:
        """The newest hearing of a brand; None as long as it is as shipped."""
        with self._reading() as connection:
            row = _newest(connection, brand)
        return _as_hearing(row) if row is not None else None

    def all(self, brand: str) -> tuple[Hearing, ...]:
        """Every hearing of a brand, newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(hearings).where(hearings.c.brand == brand).order_by(hearings.c.version.desc())
            ).all()
        return tuple(_as_hearing(row) for row in rows)

    def claim_due(self, now: datetime, model: str) -> tuple[str, ...]:
        """Brands whose lessons are to be learnt now; each is then left alone for a while by others.

        So are brands that were last learnt with other looks than `model`, unless somebody is at it. One that was learnt with a second look
        as well waits for its turn where there is only the first: of two services each would undo what the other learnt.
        """
        with self._reading() as connection:
            if not _due(connection, now, model):
                return ()
        with self._writing() as connection:
            return tuple(
                row.key
                for row in _due(connection, now, model)
                if connection.execute(
                    update(brands)
                    .where(brands.c.key == row.key, brands.c.learn_at.is_not_distinct_from(row.learn_at))
                    .values(learn_at=now + _LEARNING_TAKES)
                ).rowcount
            )

    def learnt(self, hearing: Hearing, claimed_at: datetime) -> int | None:
        """Store a hearing as the newest of its brand; gives its version, None when nothing in it is new.

        Whoever taught, asked, forgot or went back after the claim at `claimed_at` has moved the brand's turn: then nothing is stored, for
        the hearing knows nothing of that, and what is to be learnt keeps its turn.
        """
        with self._writing() as connection:
            taken = claimed_at + _LEARNING_TAKES
            ours = connection.execute(
                update(brands)
                .where(brands.c.key == hearing.brand, brands.c.learn_at == taken)
                .values(learn_at=claimed_at + EVERY)
            )
            if not ours.rowcount:
                return None
            row = _newest(connection, hearing.brand)
            before = (
                _as_hearing(row)
                if row is not None
                else Hearing.shipped(hearing.brand, claimed_at).but(model=hearing.model)
            )
            if _says_the_same(before, hearing):
                return None
            return _store(connection, hearing, row)

    def ask_per_day(self, brand: str, per_day: float | None, by: str, now: datetime) -> None:
        """How many complaints a day the owner wants to see, None for as many as there are. Lines follow with the next learning."""
        with self._writing("learn") as connection:
            row = _newest(connection, brand)
            before = _as_hearing(row) if row is not None else Hearing.shipped(brand, now)
            why = "As many as there are." if per_day is None else f"About {per_day:g} a day."
            _store(connection, before.but(per_day=per_day, why=why, by=by, at=now), row)
            learn_soon(connection, brand, now)

    def reset(self, brand: str, by: str, now: datetime) -> int:
        """Listen as shipped again: lessons so far are put aside, and come back with `go_back`. Gives the new version."""
        with self._writing() as connection:
            row = _newest(connection, brand)
            learn_soon(connection, brand, now + EVERY)  # and not what somebody is learning just now
            return _store(connection, Hearing.shipped(brand, now).but(since=now, why="As shipped again.", by=by), row)

    def go_back(self, brand: str, version: int, by: str, now: datetime) -> int:
        """Listen as in an earlier version again; gives the new version. Weights that went with a post are made anew from the lessons that are
        left. Raises MovedOn where there is no such version."""
        with self._writing("learn") as connection:
            row = connection.execute(
                select(hearings).where(hearings.c.brand == brand, hearings.c.version == version)
            ).one_or_none()
            if row is None:
                raise MovedOn(f"There is no version {version} of how {brand} is listened for.")
            before = _as_hearing(row)
            aside = (*before.aside, (before.at.isoformat(), now.isoformat()))
            again = before.but(aside=aside, why=f"Back to version {version}.", by=by, at=now)
            learn_soon(connection, brand, now)
            return _store(connection, again, _newest(connection, brand))

    def tell(self, mention_id: int, kind: Kind | None, by: str, now: datetime) -> None:
        """A person says what a mention is that raised no case, or a doubtful one; None: no complaint, whatever else. Raises MovedOn when it
        is gone."""
        with self._writing("learn") as connection:
            is_complaint = kind is Kind.COMPLAINT
            teach(connection, mention_id, is_complaint=is_complaint, kind=kind, by=by, now=now)

    # --- what learning reads and keeps ---------------------------------------------------------------

    def lessons(self, brand: str, limit: int) -> tuple[Lesson, ...]:
        """The newest lessons that count, oldest first, with their posts."""
        with self._reading() as connection:
            row = _newest(connection, brand)
            hearing = _as_hearing(row) if row is not None else None
            query = (
                with_texts()
                .add_columns(*(column.label(f"lesson_{column.name}") for column in lessons.c))
                .join(mentions, mentions.c.post_id == posts.c.id)
                .join(lessons, lessons.c.mention_id == mentions.c.id)
                .where(lessons.c.brand == brand, posts.c.deleted_at.is_(None))
                .order_by(lessons.c.at.desc(), lessons.c.id.desc())
                .limit(limit)
            )
            if hearing is not None and hearing.since is not None:
                query = query.where(lessons.c.at > hearing.since)
            for begins, ends in hearing.aside if hearing is not None else ():
                after, until = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
                query = query.where((lessons.c.at <= after) | (lessons.c.at > until))
            rows = connection.execute(query).all()
        return tuple(_as_lesson(row) for row in reversed(rows))

    def keep_features(self, features: Sequence[tuple[Lesson, bytes]], made_with: str) -> None:
        """What the looks of these versions made of the posts of lessons. One that went, or was taught anew since, keeps nothing of it."""
        if not features:
            return
        with self._writing() as connection:
            for lesson, content in features:
                connection.execute(
                    update(lessons)
                    .where(
                        lessons.c.id == lesson.id,
                        lessons.c.mention_id == lesson.mention_id,  # SQLite gives a number that is free to another one
                        lessons.c.at == lesson.at,
                    )
                    .values(features=content, made_with=made_with)
                )

    def heard(self, brand: str, since: datetime, limit: int) -> tuple[JudgedMention, ...]:
        """The newest mentions that a look judged, newest first, each with the verdicts of both stages on its present text."""
        first, second = verdicts.alias("first"), verdicts.alias("second")
        some = (  # before anything is asked of verdicts: of these there are years
            select(mentions.c.id, posts.c.version)
            .join(posts, posts.c.id == mentions.c.post_id)
            .where(mentions.c.brand == brand, mentions.c.found_at >= since, posts.c.deleted_at.is_(None))
            .order_by(mentions.c.found_at.desc(), mentions.c.id.desc())
            .limit(limit)
            .subquery()
        )
        newest = (
            select(func.max(verdicts.c.id).label("id"), verdicts.c.mention_id, verdicts.c.stage)
            .join(some, (some.c.id == verdicts.c.mention_id) & (some.c.version == verdicts.c.post_version))
            .group_by(verdicts.c.mention_id, verdicts.c.stage)
            .subquery()
        )
        one, two = newest.alias("one"), newest.alias("two")
        query = (
            select(
                mentions.c.id, mentions.c.case_id, mentions.c.found_at, posts.c.place, post_texts.c.text,
                post_texts.c.title, posts.c.rating, posts.c.author_handle, posts.c.author_name, posts.c.url,
                first.c.kind.label("first_kind"), first.c.shares.label("first_shares"), first.c.mood.label("first_mood"), first.c.language,
                second.c.kind.label("second_kind"), second.c.shares.label("second_shares"), second.c.mood.label("second_mood"), second.c.vector,
                lessons.c.is_complaint,
            )
            .join(posts, posts.c.id == mentions.c.post_id)
            .join(post_texts, (post_texts.c.post_id == posts.c.id) & (post_texts.c.version == posts.c.version))
            .join(one, (one.c.mention_id == mentions.c.id) & (one.c.stage == 1))
            .join(first, first.c.id == one.c.id)
            .outerjoin(two, (two.c.mention_id == mentions.c.id) & (two.c.stage == 2))
            .outerjoin(second, second.c.id == two.c.id)
            .outerjoin(lessons, (lessons.c.brand == brand) & (lessons.c.mention_id == mentions.c.id))
            .order_by(mentions.c.id.desc())
        )  # fmt: skip
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_as_heard(dict(row)) for row in rows)


def _due(connection: Connection, now: datetime, model: str) -> Sequence[Any]:
    latest = (
        select(hearings.c.brand, func.max(hearings.c.version).label("version")).group_by(hearings.c.brand).subquery()
    )
    made_for = (
        select(hearings.c.brand, hearings.c.model)
        .join(latest, (latest.c.brand == hearings.c.brand) & (latest.c.version == hearings.c.version))
        .subquery()
    )
    being_learnt = func.coalesce(brands.c.learn_at.between(now, now + _LEARNING_TAKES), false())
    other_looks = made_for.c.model.not_in([model, SHIPPED]) & ~made_for.c.model.startswith(f"{model}+", autoescape=True)
    return connection.execute(
        select(brands.c.key, brands.c.learn_at)
        .outerjoin(made_for, made_for.c.brand == brands.c.key)
        .where(
            or_(
                brands.c.learn_at <= now,
                brands.c.learn_at > now + EVERY + _LEARNING_TAKES,  # under another clock
                other_looks & ~being_learnt,
            )
        )
        .order_by(brands.c.key)
    ).all()


def _newest(connection: Connection, brand: str) -> Row[Any] | None:
    return connection.execute(
        select(hearings).where(hearings.c.brand == brand).order_by(hearings.c.version.desc()).limit(1)
    ).one_or_none()


def _store(connection: Connection, hearing: Hearing, newest: Row[Any] | None) -> int:
    version = newest.version + 1 if newest is not None else 1
    connection.execute(
        insert(hearings).values(
            brand=hearing.brand,
            version=version,
            model=hearing.model,
            line_first=hearing.line_first,
            line_both=hearing.line_both,
            per_day=hearing.per_day,
            weights=hearing.weights,
            lessons=hearing.lessons,
            lessons_digest=hearing.lessons_digest,
            since=hearing.since,
            aside=[list(span) for span in hearing.aside],
            why=hearing.why[:255],
            by=hearing.by,
            at=hearing.at,
        )
    )
    too_old = (hearings.c.brand == hearing.brand) & (hearings.c.version <= version - WEIGHTS_KEPT)
    connection.execute(update(hearings).where(too_old, hearings.c.weights.is_not(None)).values(weights=None))
    return int(version)


def _says_the_same(one: Hearing, other: Hearing) -> bool:
    return (one.model, one.line_first, one.line_both, one.per_day, one.weights, one.since, one.aside) == (
        other.model, other.line_first, other.line_both, other.per_day, other.weights, other.since, other.aside,
    )  # fmt: skip


def _as_hearing(row: Row[Any]) -> Hearing:
    return Hearing(
        row.brand, row.version, row.model, row.line_first, row.line_both, row.per_day, row.weights,
        row.lessons, row.lessons_digest, row.since, row.why, row.by, row.at,
        tuple((begins, ends) for begins, ends in row.aside),
    )  # fmt: skip


def _as_lesson(row: Row[Any]) -> Lesson:
    kind = Kind(row.lesson_kind) if row.lesson_kind is not None else None
    return Lesson(
        row.lesson_id, row.lesson_mention_id, as_post(row), row.lesson_is_complaint, kind,
        row.lesson_at, row.lesson_features, row.lesson_made_with,
    )  # fmt: skip


def _as_heard(row: Mapping[str, Any]) -> JudgedMention:
    return JudgedMention(
        mention_id=row["id"],
        case_id=row["case_id"],
        found_at=row["found_at"],
        place=row["place"],
        handle=row["author_handle"],
        name=row["author_name"],
        url=row["url"],
        title=row["title"],
        text=row["text"],
        rating=row["rating"],
        language=row["language"],
        kind=Kind(row["second_kind"] or row["first_kind"]),
        first=tuple(row["first_shares"]),
        second=tuple(row["second_shares"] or ()),
        vector=row["vector"],
        told=row["is_complaint"],
        first_mood=row["first_mood"],
        second_mood=row["second_mood"] or 0.0,
    )
