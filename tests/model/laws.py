"""What must hold after every step, whatever happened: read from the base itself and from the world, never asked of the product."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from places.doors import Repeat
from storage.casebook.chain import verify
from storage.lifecycle import CASE_MOVES, REPLY_BIRTHS, REPLY_MOVES
from storage.words import CaseState, ReplyState
from tests.model.bases import KEY
from tests.model.notebook import Note, Notebook
from tests.model.world import CLOCKS_DIFFER, Ours, World

LONGEST_WAIT = timedelta(hours=2)
"""How far ahead anything of the outbox may be planned: the longest back-off, or the time that this platform tells."""


def check(engine: Engine, notebook: Notebook, world: World) -> None:
    """All laws at once. Raises AssertionError."""
    assert notebook.wrong == []
    with engine.connect() as connection:
        _cases_are_as_noted(connection, notebook)
        _replies_are_as_noted(connection, notebook)
        _counts_are_as_noted(connection, notebook)
        _every_move_was_allowed(connection)
    assert verify(engine, KEY) == ()
    nothing_doubled(notebook, world)


def _cases_are_as_noted(connection: Connection, notebook: Notebook) -> None:
    rows = connection.exec_driver_sql(
        "SELECT id, state, turn, touched, thanked, parked_why IS NOT NULL, snoozed_until IS NOT NULL FROM cases ORDER BY id"
    ).all()
    found = [(row[0], str(row[1]), row[2], *(bool(one) for one in row[3:])) for row in rows]
    noted = [
        (one.id, one.state, one.news, one.touched, one.thanked, one.told, one.asleep is not None)
        for one in notebook.cases
    ]
    assert found == noted, f"cases (id, state, turn, touched, thanked, told, asleep): {found}, noted {noted}"


def _replies_are_as_noted(connection: Connection, notebook: Notebook) -> None:
    rows = connection.exec_driver_sql("SELECT id, case_id, state, origin, native_id, looks FROM replies").all()
    found = {row[0]: (row[1], str(row[2]), row[4]) for row in rows if row[3] != "outside"}
    noted = {one.id: (one.case.id, one.state, one.native_id) for one in notebook.notes if not one.outside}
    assert found == noted, f"replies (case, state, native id): {found}, noted {noted}"
    outside = sorted((row[1], str(row[2]), row[4]) for row in rows if row[3] == "outside")
    seen = sorted((one.case.id, one.state, one.native_id or "") for one in notebook.notes if one.outside)
    assert outside == seen, f"answers seen outside: {outside}, noted {seen}"


def _counts_are_as_noted(connection: Connection, notebook: Notebook) -> None:
    posts, mentions, old = connection.exec_driver_sql(
        "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM mentions), (SELECT count(*) FROM mentions WHERE aside = 'old')"
    ).one()
    aside = sum(one.aside for one in notebook.shown.values())
    assert (posts, mentions, old) == (notebook.seen_posts, notebook.mentions, aside), (
        f"posts, mentions, older complaints: noted {notebook.seen_posts, notebook.mentions, aside}"
    )


def _every_move_was_allowed(connection: Connection) -> None:
    births: dict[str, set[str]] = {"case": {CaseState.OPEN}, "reply": set(REPLY_BIRTHS)}
    state: dict[tuple[str, int], str] = {}
    for thing, number, was, now_is in connection.exec_driver_sql(
        "SELECT thing, thing_id, was, now_is FROM history ORDER BY id"
    ):
        before = state.get((thing, number), "")
        assert was == before, f"{thing} {number} was {before}, and history says {was}"
        if was == "":
            assert now_is in births[thing], (thing, now_is)
        elif was != now_is:
            after = CASE_MOVES[CaseState(was)] if thing == "case" else REPLY_MOVES[ReplyState(was)]
            assert now_is in set(map(str, after)), (thing, was, now_is)
        state[thing, number] = now_is


def nothing_doubled(notebook: Notebook, world: World) -> None:
    """Of each yes of a person at most one post is up, word for word and in its place; what is told to be up is up or was."""
    made = Counter(one.made_for for one in world.ours if one.made_for is not None and one.up)
    assert all(number == 1 for number in made.values()), f"doubled: {made}"
    for ours in world.ours:
        if ours.made_for is not None:
            note = notebook.note(ours.made_for)
            assert (ours.text, ours.parent) == (note.text, note.parent), "not what was approved"
    told = [
        (note, next(one for one in world.ours if one.native_id == note.native_id))
        for note in notebook.notes
        if note.state == "posted" and note.native_id is not None and not note.outside
    ]
    if any(ours.made_for is None and ours.text != note.text for note, ours in told):
        return  # an answer in the app that nobody had read was taken for ours by a look, which goes by place and time; so may the next be
    for note, ours in told:
        assert ours.made_for in (None, note.id), f"reply {note.id} is told to be up; it is reply {ours.made_for}"


def plans(engine: Engine) -> dict[int, tuple[datetime | None, datetime | None]]:
    """When each reply is due, and when it is to be taken down."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, due_at, removal_due_at FROM replies").all()
    return {int(row[0]): (_aware(row[1]), _aware(row[2])) for row in rows}


def all_is_settled(notebook: Notebook, world: World) -> None:
    """In the end every yes of a person is up, was taken back, or a person has been told."""
    for note in notebook.notes:
        if note.outside:
            continue
        made = [one for one in world.ours if one.made_for == note.id]
        assert note.state not in ("approved", "sending"), f"waits for ever: {note}"
        if note.state == "posted" and note.sent is not None and not note.done_by_hand:
            assert made or note.native_id is not None, f"reply {note.id} is told to be up, and never was"
        if note.state == "withdrawn":
            assert not any(one.up and not _unseen(one, note, world) for one in made), (
                f"taken back, and went out: {note}, {made}"
            )
        if note.state == "uncertain":
            assert note.look is None, f"nobody was told of reply {note.id}"


def _unseen(ours: Ours, note: Note, world: World) -> bool:
    """Whether a look passed it by: with a key one look is enough, for a repeat does no harm, and it goes by our clock, which was ahead."""
    return world.repeat is Repeat.KEYED and note.sent is not None and ours.at < note.sent - CLOCKS_DIFFER


def _aware(stored: object) -> datetime | None:
    if stored is None:
        return None
    instant = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
