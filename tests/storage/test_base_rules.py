"""The base itself: migrations, how it is opened, and the rules it holds whatever the code does."""

from __future__ import annotations

import re
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, CheckConstraint, Engine, Table, create_engine, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError, StatementError

from storage.casebook import Casebook, Judged, Wake
from storage.engine import BaseUnavailable, open_engine, reading, writing
from storage.lifecycle import LIVE_CASES, SPENT_REPLIES, MovedOn
from storage.migrate import downgrade, is_current, scripts, upgrade
from storage.tables import HOUSE_WIDE, brands, metadata
from storage.words import Audience, CaseState, Kind, Origin, Purpose, ReachHow, ReplyState, Topic
from tests.databases import KINDS, fresh_database
from tests.storage.conftest import Base
from tests.storage.house import COMPLAINT, MINUTE, NOON, House, post

NAMES = {
    "sqlite": "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
    "postgresql": """
        SELECT relkind::text AS type, relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'type', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
            AND typname NOT LIKE '%alembic_version'
        UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal""",
}


def names(url: str) -> set[tuple[str, str]]:
    """The kind and name of everything in a base."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text(NAMES[engine.dialect.name]))
        found = {(str(row.type), str(row.name)) for row in rows}
    engine.dispose()
    return found


# Migrations ------------------------------------------------------------------------------------------------------------


def ours(name: str | None, kind: str, _: object) -> bool:
    """What is no part of the scaled mode's queue, which brings its own tables."""
    return kind != "table" or not str(name).startswith("procrastinate_")


def is_another(
    _context: object, _found: object, column: Any, found: str | None, _asked: object, asked: str
) -> bool | None:
    """Whether a column's default is another one; None where Alembic can tell, which asks PostgreSQL: that cannot compare JSON."""
    return str(found).partition("::")[0] != asked if isinstance(column.type, JSON) else None


def test_the_migrations_make_exactly_what_the_tables_say(house: House) -> None:
    with house.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": is_another, "include_name": ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


@pytest.fixture
def made_from_tables(base: Base, tmp_path: Path) -> Iterator[Engine]:
    """A base made from the tables, without any migration."""
    with ExitStack() as stack:
        url = (
            f"sqlite:///{tmp_path}/tables.sqlite"
            if base.kind == "sqlite"
            else stack.enter_context(fresh_database(base.server))
        )
        (tmp_path / "tables.sqlite").touch()  # opening makes no file
        engine = open_engine(url)
        stack.callback(engine.dispose)
        metadata.create_all(engine)
        yield engine


def test_the_migrations_hold_every_check_and_partial_index_the_tables_ask_for(
    house: House, made_from_tables: Engine
) -> None:
    # Alembic compares neither.
    migrated, asked = inspect(house.engine), inspect(made_from_tables)
    for table in metadata.sorted_tables:
        for told in ("get_check_constraints", "get_indexes"):
            both = [{one["name"]: plain(one) for one in getattr(base, told)(table.name)} for base in (migrated, asked)]
            assert both[0] == both[1], (table.name, told)
        named = {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
        assert {one["name"] for one in migrated.get_check_constraints(table.name)} == named


def plain(told: Mapping[str, Any]) -> dict[str, str]:
    """What a base says of a constraint, however its lines are broken."""
    return {name: " ".join(str(where(value)).split()) for name, value in told.items()}


def where(told: Any) -> Any:
    """The condition of a partial index, in words."""
    return {name: str(value) for name, value in told.items()} if isinstance(told, Mapping) else told


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where nothing is yet."""
    sqlite = request.param == "sqlite"
    return f"sqlite:///{tmp_path}/amends.sqlite" if sqlite else str(request.getfixturevalue("postgres_url"))


def test_upgrading_twice_is_harmless(empty_url: str) -> None:
    url = empty_url
    upgrade(url)
    made = names(url)
    upgrade(url)
    assert names(url) == made
    assert is_current(url)


def test_upgrading_keeps_what_is_there(house: House, url: str) -> None:
    case_id = house.complain()
    upgrade(url)
    assert house.file(case_id).complaint.post == post()


def test_going_back_to_base_leaves_nothing_and_the_way_up_is_the_same(empty_url: str) -> None:
    upgrade(empty_url)
    made = names(empty_url)
    downgrade(empty_url, "base")
    assert {name for _, name in names(empty_url)} <= {"alembic_version", "alembic_version_pkc"}
    assert not is_current(empty_url)
    upgrade(empty_url)
    assert is_current(empty_url)
    assert names(empty_url) == made


@pytest.mark.parametrize("revision", ["0004", "0003", "0002", "0001"])
def test_each_step_down_can_be_gone_up_again(empty_url: str, revision: str) -> None:
    upgrade(empty_url)
    made = names(empty_url)
    downgrade(empty_url, revision)
    assert not is_current(empty_url)
    upgrade(empty_url)
    assert names(empty_url) == made


def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE verdicts (somebody_else TEXT)")  # the last table to be made
    engine.dispose()
    before = names(empty_url)
    with pytest.raises((BaseUnavailable, ProgrammingError), match="already exists"):
        upgrade(empty_url)
    assert {(kind, name) for kind, name in names(empty_url) if not name.startswith("alembic_version")} == before


def test_a_path_with_a_percent_sign_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "100% rose"
    folder.mkdir()
    upgrade(f"sqlite:///{folder}/amends.sqlite")
    assert is_current(f"sqlite:///{folder}/amends.sqlite")


def test_the_revisions_are_found_and_the_folder_is_no_package() -> None:
    assert (scripts() / "versions").is_dir()
    assert not (scripts() / "__init__.py").exists()


# How it is opened ------------------------------------------------------------------------------------------------------


def pragma(url: str, name: str) -> object:
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
    finally:
        engine.dispose()


@pytest.mark.only_on("sqlite", reason="these are its settings; PostgreSQL's are in test_postgres.py")
@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("busy_timeout", 15_000)],
)
def test_sqlite_is_opened_so_that_nothing_committed_is_lost(url: str, name: str, value: object) -> None:
    assert pragma(url, name) == value


@pytest.mark.only_on("sqlite", reason="PostgreSQL has no BEGIN IMMEDIATE; its lock is tried in test_postgres.py")
def test_a_write_begins_as_a_write_and_a_look_does_not(house: House) -> None:
    said: list[str] = []
    raw_engine = house.engine.raw_connection()
    assert raw_engine.driver_connection is not None
    raw_engine.driver_connection.set_trace_callback(said.append)
    raw_engine.close()  # back to the pool, to be used next
    with writing(house.engine) as connection:
        connection.execute(text("SELECT 1"))
    with reading(house.engine) as connection:
        connection.execute(text("SELECT 1"))
    assert [line for line in said if line.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN"]


def test_a_look_sees_one_moment_while_somebody_writes(house: House) -> None:
    with reading(house.engine) as connection:
        before = connection.execute(text("SELECT count(*) FROM posts")).scalar_one()
        house.complain()
        assert connection.execute(text("SELECT count(*) FROM posts")).scalar_one() == before


def test_a_local_time_never_enters_the_base(house: House) -> None:
    with pytest.raises(StatementError, match="no time zone"), house.engine.begin() as connection:
        connection.execute(brands.update().values(changed_at=datetime(2026, 11, 22, 12)))  # noqa: DTZ001


def test_an_instant_comes_back_as_the_same_instant_in_utc(house: House) -> None:
    from zoneinfo import ZoneInfo

    in_berlin = NOON.astimezone(ZoneInfo("Europe/Berlin")) + timedelta(microseconds=7)
    house.casebook.sources.poll_now(in_berlin)
    state = house.casebook.sources.all()[0]
    assert state.next_at == in_berlin
    assert state.next_at.utcoffset() == timedelta(0)
    assert state.last_success_at is None


# When it cannot be used ------------------------------------------------------------------------------------------------


def refuses_with(url: str) -> str:
    engine = open_engine(url)
    try:
        with pytest.raises(BaseUnavailable) as told:
            Casebook(engine, b"key").can_write()
    finally:
        engine.dispose()
    return told.value.why


def test_a_base_that_can_be_written_says_nothing(house: House) -> None:
    house.casebook.can_write()


def test_an_unprepared_base_says_how_to_prepare_it(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    assert "amends migrate" in refuses_with(f"sqlite:///{tmp_path}/empty.sqlite")


def test_opening_a_base_that_is_not_there_makes_none(tmp_path: Path) -> None:
    assert "The database file is missing" in refuses_with(f"sqlite:///{tmp_path}/gone.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named_as_the_trouble(tmp_path: Path) -> None:
    assert "or its folder is" in refuses_with(f"sqlite:///{tmp_path}/nowhere/amends.sqlite")
    with pytest.raises(BaseUnavailable, match="no such file or directory"):
        upgrade(f"sqlite:///{tmp_path}/nowhere/amends.sqlite")


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "amends.sqlite").write_bytes(b"Dear diary, today a cake was stale. " * 200)
    url = f"sqlite:///{tmp_path}/amends.sqlite"
    assert "not a database" in refuses_with(url)
    with pytest.raises(BaseUnavailable, match="not a database"):
        upgrade(url)


@pytest.mark.only_on("sqlite", reason="a server's files are its own")
def test_a_damaged_database_says_so(house: House, url: str) -> None:
    house.complain()
    house.engine.dispose()
    path = Path(url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    engine = open_engine(url)
    with pytest.raises(BaseUnavailable, match="damaged"), reading(engine) as connection:
        connection.execute(text("SELECT * FROM posts")).all()
    engine.dispose()


@pytest.mark.only_on("sqlite", reason="a file is held; test_postgres.py holds the lock")
def test_a_base_held_by_somebody_else_says_that_it_is_busy(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
        connection.commit()
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BaseUnavailable, match="busy"):
        Casebook(engine, b"key").can_write()
    other.close()
    engine.dispose()


@pytest.mark.only_on("sqlite", reason="a file that cannot be written; test_postgres.py has a standby's answer")
def test_a_read_only_base_shows_but_does_not_write(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.commit()
    with pytest.raises(BaseUnavailable, match="read-only"):
        Casebook(engine, b"key").leases.hold("ticker", "one", NOON, MINUTE)
    assert len(Casebook(engine, b"key").brands.all()) == 2
    engine.dispose()


@pytest.mark.only_on("sqlite", reason="its pages can be counted out; test_postgres.py has the server's answer")
def test_a_full_disk_costs_nothing_that_was_there(house: House) -> None:
    case_id = house.complain()
    with house.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.commit()
    before = house.everything()
    long = [Judged(post(f"long-{n}", "stale " * 2000), COMPLAINT) for n in range(20)]
    with pytest.raises(BaseUnavailable, match="disk is full"):
        house.casebook.rounds.record_import("rosebakery", long, NOON)
    assert house.everything() == before
    with house.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
        connection.commit()
    assert len(house.casebook.rounds.record_import("rosebakery", long, NOON).raised) == 20
    assert house.state(case_id) is CaseState.OPEN


def test_a_mistake_of_ours_is_not_called_trouble_with_the_base(house: House) -> None:
    with pytest.raises(ProgrammingError), writing(house.engine) as connection:
        connection.exec_driver_sql("SELECT ?", ())
    with pytest.raises(IntegrityError), writing(house.engine) as connection:
        connection.execute(text("INSERT INTO leases (name) VALUES ('half')"))


@pytest.mark.only_on("sqlite", reason="PostgreSQL calls a missing function a mistake of ours, and so do we")
def test_anything_else_is_told_as_the_base_told_it(house: House) -> None:
    with (
        pytest.raises(BaseUnavailable, match=r"cannot be used: .*no such function"),
        writing(house.engine) as connection,
    ):
        connection.execute(text("SELECT forgive('cora')"))


# Append-only, and whose it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE history SET who = 'mallory'",
        "DELETE FROM history",
        "UPDATE proposals SET text = 'something else'",
        "UPDATE proposals SET findings = '[]'",
    ],
)
def test_mallory_cannot_rewrite_history_or_a_proposal(settled: House, sql: str) -> None:
    before = settled.everything()
    with pytest.raises(DatabaseError, match=r"append-only|immutable"):
        settled.do(sql)
    assert settled.everything() == before


def test_every_table_of_a_brand_names_the_brand() -> None:
    for table in metadata.sorted_tables:
        named = table.name == "brands" or "brand" in table.columns
        assert named != (table.name in HOUSE_WIDE), table.name


def test_the_brand_is_never_empty() -> None:
    assert [t.name for t in metadata.sorted_tables if "brand" in t.columns and t.columns["brand"].nullable] == []


# The states the base knows are the words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("cases", "state", CaseState),
        ("cases", "topic", Topic),
        ("verdicts", "kind", Kind),
        ("verdicts", "topic", Topic),
        ("lessons", "kind", Kind),
        ("proposals", "audience", Audience),
        ("proposals", "purpose", Purpose),
        ("proposals", "reach", ReachHow),
        ("replies", "state", ReplyState),
        ("replies", "origin", Origin),
        ("replies", "audience", Audience),
        ("replies", "purpose", Purpose),
    ],
)
def test_the_base_knows_exactly_our_words(house: House, table: str, column: str, words: type[StrEnum]) -> None:
    (told,) = [
        one["sqltext"]
        for one in inspect(house.engine).get_check_constraints(table)
        if one["name"] == f"ck_{table}_{column}_known"
    ]
    assert set(re.findall(r"'(\w+)'", str(told))) == set(words)


@pytest.mark.parametrize(
    ("index", "states"), [("uq_cases_one_live", LIVE_CASES), ("uq_replies_one_live", SPENT_REPLIES)]
)
def test_the_base_knows_what_is_live(house: House, index: str, states: frozenset[str]) -> None:
    told = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE name = :name",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = :name",
    }
    made = house.one(told[house.engine.dialect.name], name=index)
    assert set(re.findall(r"'(\w+)'", made)) == set(states)


# Each CHECK and UNIQUE refuses -----------------------------------------------------------------------------------------

COPY_CASE = """INSERT INTO cases (brand, place, customer_id, conversation_id, complaint_id, state, turn, urgency, topic,
    language, sensitive, thanked, touched, opened_at, waiting_since, changed_at)
    SELECT brand, place, customer_id, {conversation}, complaint_id, {state}, turn, urgency, topic,
    language, sensitive, thanked, touched, opened_at, waiting_since, changed_at FROM cases"""

COPY_REPLY = """INSERT INTO replies (brand, case_id, place, account, parent_id, parent_post, audience, purpose, origin,
    state, key, approved_by, approved_at, approved_text, attempt, fence, looks, removal_fence, changed_at)
    SELECT brand, case_id, place, {account}, parent_id, parent_post, audience, {purpose}, origin,
    {state}, {key}, approved_by, approved_at, approved_text, 0, 0, 0, 0, changed_at FROM replies"""


def refusal(house: House, why: str) -> str:
    """How this base words it: SQLite names the columns, PostgreSQL the constraint."""
    if house.engine.dialect.name == "sqlite" or "." not in why:
        return re.escape(why) if why not in POSTGRES_WORDS else f"(?i){POSTGRES_WORDS[why]}"
    table, columns = why.partition(".")[0], [one.partition(".")[2] for one in why.split(", ")]
    if columns == [column.name for column in metadata.tables[table].primary_key]:
        return f'unique constraint "pk_{table}"'
    partial = [index.name for index in metadata.tables[table].indexes if [c.name for c in index.columns] == columns]
    return f'unique constraint "{partial[0] if partial else f"uq_{table}_" + "_".join(columns)}"'


POSTGRES_WORDS = {"FOREIGN KEY": "foreign key constraint", "NOT NULL": "not[ -]null constraint"}


def reply_like(
    account: str = "account", purpose: str = "purpose", state: str = "'approved'", key: str = "'new'"
) -> str:
    return COPY_REPLY.format(account=account, purpose=purpose, state=state, key=key)


def proposal_like(
    audience: str = "audience", purpose: str = "purpose", reach: str = "reach", alternative: str = "7"
) -> str:
    return f"""INSERT INTO proposals (brand, case_id, turn, alternative, revision, parent_post, text, language, audience,
        purpose, findings, reach, reach_why, reach_cost, made_by, made_at) SELECT brand, case_id, turn, {alternative},
        revision, parent_post, 'other', language, {audience}, {purpose}, findings, {reach}, reach_why, reach_cost, made_by,
        made_at FROM proposals"""


def hearing_like(
    brand: str = "key", version: str = "1", first: str = "0.5", both: str = "0.5", a_day: str = "3"
) -> str:
    """A hearing for each brand there is."""
    return f"""INSERT INTO hearings (brand, version, model, line_first, line_both, per_day, lessons, lessons_digest, why, by, at)
        SELECT {brand}, {version}, 'looks', {first}, {both}, {a_day}, 0, '', '', 'machine', changed_at FROM brands"""


@pytest.mark.parametrize(
    ("why", "sql"),
    [
        ("replies_approval_whole", "UPDATE replies SET approved_by = NULL, origin = 'outside'"),
        ("replies_approval_whole", "UPDATE replies SET approved_at = NULL"),
        ("replies_approval_whole", "UPDATE replies SET approved_text = NULL"),
        (
            "replies_approved_or_outside",
            "UPDATE replies SET approved_by = NULL, approved_at = NULL, approved_text = NULL",
        ),
        ("replies_posted_at_when_posted", "UPDATE replies SET state = 'posted'"),
        ("replies_posted_at_when_posted", "UPDATE replies SET posted_at = approved_at"),
        ("replies_posted_at_when_posted", "UPDATE replies SET state = 'removed'"),
        ("replies_frozen_before_sending", "UPDATE replies SET state = 'sending'"),
        ("replies_frozen_before_sending", "UPDATE replies SET state = 'sending', payload = '{}'"),
        ("replies_frozen_before_sending", "UPDATE replies SET state = 'uncertain', sent_at = approved_at"),
        ("replies_removal_whole", "UPDATE replies SET removal_by = 'person:1'"),
        ("replies_removal_whole", "UPDATE replies SET removal_due_at = approved_at"),
        ("replies_state_known", "UPDATE replies SET state = 'claimed'"),
        ("replies_origin_known", "UPDATE replies SET origin = 'bot'"),
        ("replies_audience_known", "UPDATE replies SET audience = 'everyone'"),
        ("replies_purpose_known", "UPDATE replies SET purpose = 'advertise'"),
        ("replies.key", reply_like(account="'another'", key="key")),
        ("replies.place, replies.account, replies.parent_id, replies.purpose", reply_like()),
        ("replies.place, replies.account, replies.parent_id, replies.purpose", reply_like(state="'by_hand'")),
        ("cases_state_known", "UPDATE cases SET state = 'closed'"),
        ("cases_topic_known", "UPDATE cases SET topic = 'taste'"),
        ("cases_urgency_1_to_4", "UPDATE cases SET urgency = 5"),
        ("cases_turn_from_1", "UPDATE cases SET turn = 0"),
        (
            "cases.brand, cases.customer_id, cases.conversation_id",
            COPY_CASE.format(conversation="conversation_id", state="'offline'"),
        ),
        ("proposals_audience_known", proposal_like(audience="'everyone'")),
        ("proposals_purpose_known", proposal_like(purpose="'advertise'")),
        ("proposals_reach_known", proposal_like(reach="'pigeon'")),
        ("posts_rating_of_five", "UPDATE posts SET rating = 6"),
        ("posts_rating_of_five", "UPDATE posts SET rating = 0"),
        (
            "posts.place, posts.native_id",
            """INSERT INTO posts (brand, place, native_id, author_id, author_handle, author_name, conversation_id, reply_to,
               addressed, is_repost, version, created_at, seen_at) SELECT 'swiftcourier', place, native_id, '', '', '', '',
               '', '[]', false, 1, created_at, seen_at FROM posts""",
        ),
        (
            "mentions.brand, mentions.post_id",
            "INSERT INTO mentions (brand, post_id, found_at) SELECT brand, post_id, found_at FROM mentions",
        ),
        ("mentions_aside_known", "UPDATE mentions SET aside = 'later'"),
        (
            "verdicts.mention_id, verdicts.stage, verdicts.model_version, verdicts.post_version",
            """INSERT INTO verdicts (brand, mention_id, stage, model_version, post_version, kind, probability, language, mood,
               topic, urgency, sensitive, reasons, at) SELECT brand, mention_id, stage, model_version, post_version, 'praise',
               1, language, mood, topic, urgency, sensitive, reasons, at FROM verdicts""",
        ),
        ("verdicts_kind_known", "UPDATE verdicts SET kind = 'rant'"),
        ("verdicts_topic_known", "UPDATE verdicts SET topic = 'taste'"),
        ("verdicts_probability_0_to_1", "UPDATE verdicts SET probability = 1.1"),
        ("verdicts_mood_minus_1_to_1", "UPDATE verdicts SET mood = -1.1"),
        ("verdicts_urgency_1_to_4", "UPDATE verdicts SET urgency = 0"),
        (
            "lessons.brand, lessons.mention_id",
            """INSERT INTO lessons (brand, mention_id, place, is_complaint, by, at)
               SELECT brand, mention_id, place, false, by, at FROM lessons""",
        ),
        ("lessons_kind_known", "UPDATE lessons SET kind = 'rant', is_complaint = false"),
        ("lessons_kind_as_told", "UPDATE lessons SET kind = 'praise'"),
        ("lessons_kind_as_told", "UPDATE lessons SET is_complaint = false"),
        ("lessons_features_whole", "UPDATE lessons SET made_with = 'looks'"),
        ("hearings.brand, hearings.version", hearing_like(brand="'rosebakery'")),
        ("hearings_version_from_1", hearing_like(version="0")),
        ("hearings_line_first_0_to_1", hearing_like(first="1.01")),
        ("hearings_line_first_0_to_1", hearing_like(first="-0.01")),
        ("hearings_line_both_0_to_1", hearing_like(both="1.01")),
        ("hearings_per_day_not_negative", hearing_like(a_day="-1")),
        (
            "proposals.case_id, proposals.turn, proposals.alternative, proposals.revision",
            proposal_like(alternative="alternative"),
        ),
        (
            "history.case_id, history.seq",
            """INSERT INTO history (brand, case_id, seq, who, thing, thing_id, was, now_is, why, note_hash, chain, at)
               SELECT brand, case_id, seq, 'mallory', thing, thing_id, was, now_is, why, note_hash, chain, at FROM history""",
        ),
        (
            "history_thing_known",
            """INSERT INTO history (brand, case_id, seq, who, thing, thing_id, was, now_is, why, note_hash, chain, at)
               SELECT brand, case_id, seq + 9, who, 'post', thing_id, was, now_is, why, note_hash, chain, at FROM history""",
        ),
        (
            "customers.brand, customers.place, customers.native_id",
            "INSERT INTO customers (brand, place, native_id, handle, name) SELECT brand, place, native_id, '', '' FROM customers",
        ),
        (
            "accounts.brand, accounts.place, accounts.native_id",
            "INSERT INTO accounts (brand, place, native_id, handle, name, seen_at) SELECT brand, place, native_id, 'x', '', seen_at FROM accounts",
        ),
        ("people_role_known", "UPDATE people SET role = 'admin'"),
        ("people.email", "UPDATE people SET email = 'ana@rosebakery.example'"),
        ("sources.key", "INSERT INTO sources SELECT * FROM sources"),
        ("brands.key", "INSERT INTO brands SELECT * FROM brands"),
        ("post_texts.post_id, post_texts.version", "INSERT INTO post_texts SELECT * FROM post_texts"),
        ("FOREIGN KEY", "DELETE FROM cases"),
        ("FOREIGN KEY", "UPDATE mentions SET case_id = 99"),
        ("FOREIGN KEY", "UPDATE cases SET brand = 'nobody'"),
        ("FOREIGN KEY", "DELETE FROM posts"),
        ("FOREIGN KEY", "UPDATE replies SET proposal_id = 99"),
        ("NOT NULL", "UPDATE cases SET opened_at = NULL"),
    ],
)
def test_the_base_refuses_what_must_not_be(settled: House, why: str, sql: str) -> None:
    before = settled.everything()
    with pytest.raises(IntegrityError, match=refusal(settled, why)):
        settled.do(sql)
    assert settled.everything() == before


@pytest.mark.parametrize(
    "sql",
    [
        COPY_CASE.format(conversation="conversation_id", state="'resolved'"),
        COPY_CASE.format(conversation="conversation_id", state="'dismissed'"),
        COPY_CASE.format(conversation="'another'", state="'open'"),
        reply_like(state="'withdrawn'"),
        reply_like(state="'refused'"),
        reply_like(account="'another'"),
        reply_like(purpose="'close'"),
        hearing_like(),
        hearing_like(first="NULL", both="NULL", a_day="NULL"),
        "UPDATE lessons SET kind = NULL",
        "UPDATE lessons SET kind = 'spam', is_complaint = false",
    ],
)
def test_the_base_allows_what_may_be(house: House, sql: str) -> None:
    house.approved()
    house.do(sql)


@pytest.mark.parametrize(
    ("why", "sql"),
    [
        ("digests.recipient, digests.local_date", "INSERT INTO digests SELECT 2, brand, recipient, local_date, state, 'm', 1, NULL, claimed_at, NULL, NULL FROM digests"),
        ("digests_state_known", "UPDATE digests SET state = 'lost'"),
        ("digests_sent_at_when_sent", "UPDATE digests SET state = 'sent'"),
        ("digests_sent_at_when_sent", "UPDATE digests SET sent_at = claimed_at"),
        ("pauses.scope", "INSERT INTO pauses (scope, by, at) SELECT scope, 'person:2', at FROM pauses"),
        ("pauses_ending_whole", "UPDATE pauses SET ended_by = 'person:2'"),
        ("leases.name", "INSERT INTO leases SELECT * FROM leases"),
        ("alerts.thing, alerts.began_at, alerts.recipient", "INSERT INTO alerts SELECT 2, thing, began_at, recipient, state, 'm', 1, NULL, claimed_at, NULL, NULL FROM alerts"),
        ("alerts_state_known", "UPDATE alerts SET state = 'lost'"),
        ("alerts_sent_at_when_sent", "UPDATE alerts SET state = 'sent'"),
        ("blind_windows_cause_known", "UPDATE blind_windows SET cause = 'weather'"),
        ("forgotten_what_known", "UPDATE forgotten SET what = 'brand', until = NULL, do_not_contact_at = NULL"),
        ("forgotten_only_authors_are_people", "UPDATE forgotten SET what = 'post'"),
        ("forgotten.hash", "INSERT INTO forgotten (place, what, hash, at) SELECT place, what, hash, at FROM forgotten"),
        ("sessions.token_hash", "INSERT INTO sessions SELECT * FROM sessions"),
        ("FOREIGN KEY", "DELETE FROM people WHERE id = 1"),
    ],
)  # fmt: skip
def test_the_base_keeps_the_house_in_order(house: House, why: str, sql: str) -> None:
    house.casebook.digests.claim("rosebakery", "ana@rosebakery.example", NOON.date(), NOON)
    house.casebook.pauses.pause("*", house.ana, NOON)
    house.casebook.leases.hold("ticker", "one", NOON, MINUTE)
    house.casebook.people.open_session(1, NOON, MINUTE, MINUTE)
    house.casebook.alerts.claim("x:mentions:rosebakery", NOON, "ana@rosebakery.example", NOON)
    house.hear(post(), now=NOON)  # the first time for a day: a window
    house.casebook.forgetting.forget("x", post().author.native_id, house.ana, NOON)
    with pytest.raises(IntegrityError, match=refusal(house, why)):
        house.do(sql)


def test_every_check_and_unique_of_the_tables_is_tried_above() -> None:
    tried = Path(__file__).read_text()
    for table in metadata.sorted_tables:
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint):
                assert str(constraint.name).removeprefix("ck_") in tried, constraint.name
        for columns in _uniques(table):
            assert ", ".join(f"{table.name}.{column}" for column in columns) in tried, (table.name, columns)


def _uniques(table: Table) -> list[list[str]]:
    from sqlalchemy import UniqueConstraint

    sets = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    return [
        *([column.name for column in one.columns] for one in sets),
        *([column.name for column in one.columns] for one in table.indexes if one.unique),
    ]


def test_no_warning_is_hidden_in_the_migrations(empty_url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        upgrade(empty_url)


def test_wake_is_told_inside_the_transaction_which_work_it_made(house: House) -> None:
    told: list[tuple[bool, list[str]]] = []
    wake: Wake = lambda connection, makes: told.append((connection.in_transaction(), list(makes)))  # noqa: E731
    book = Casebook(house.engine, b"key", wake=wake)
    book.pauses.resume("*", house.ana, NOON)
    assert told == [(True, ["post", "remove"])]


def test_nobody_is_woken_for_a_look_or_for_a_write_that_makes_no_work(house: House) -> None:
    book = Casebook(house.engine, b"key", wake=lambda _connection, makes: pytest.fail(f"woken for {makes}"))
    book.pauses.pause("*", house.ana, NOON)
    assert book.pauses.paused("rosebakery")


def test_nobody_is_woken_for_what_was_not_written(house: House) -> None:
    book = Casebook(house.engine, b"key", wake=lambda _connection, makes: pytest.fail(f"woken for {makes}"))
    with pytest.raises(MovedOn):
        book.removals.approve(house.approved(), "Not nice enough.", house.ana, NOON, hold=MINUTE)
