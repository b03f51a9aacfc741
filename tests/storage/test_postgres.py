"""PostgreSQL as we open it: one writer after another, durable, no wait for ever, and every trouble told to the owner."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, make_url, text

from storage import postgres
from storage.casebook import Casebook, shelf
from storage.engine import BaseUnavailable, Interrupted, open_engine, reading, take_time, writing
from storage.migrate import upgrade
from storage.troubles import what_it_means
from storage.waits import BUSY_SECONDS, IDLE_SECONDS
from tests.storage.conftest import at_home
from tests.storage.house import KEY, MINUTE, NOON, House


@pytest.fixture
def there(migrated_postgres_url: str) -> Iterator[House]:
    """The shop, in a PostgreSQL database of its own."""
    engine = open_engine(migrated_postgres_url)
    at_home(engine).open_shop()
    yield at_home(engine)
    engine.dispose()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once."""
    monkeypatch.setattr(shelf, "WAITS", (0.0,) * len(shelf.WAITS))


def setting(engine: Engine, name: str) -> str:
    with reading(engine) as connection:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())


@contextmanager
def impatient(engine: Engine, wait: str) -> Iterator[None]:
    """Whoever waits for the lock gives up sooner."""

    def hurry(raw: Any, _: Any) -> None:
        raw.execute(f"SET lock_timeout = '{wait}'")
        raw.commit()

    engine.dispose()
    event.listen(engine, "connect", hurry)
    yield
    event.remove(engine, "connect", hurry)


# How it is opened ------------------------------------------------------------------------------------------------------


def test_no_wait_lasts_for_ever(there: House) -> None:
    assert setting(there.engine, "lock_timeout") == f"{BUSY_SECONDS}s"
    assert setting(there.engine, "idle_in_transaction_session_timeout") == f"{IDLE_SECONDS}s"
    assert setting(there.engine, "statement_timeout") == "1min"
    assert setting(there.engine, "TimeZone") == "UTC"
    assert IDLE_SECONDS < BUSY_SECONDS, "a writer that is gone is given up before those who wait for it give up"


def test_a_commit_is_on_disk_even_where_the_server_was_told_to_hurry(there: House) -> None:
    name = make_url(str(there.engine.url)).database
    there.do(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    there.engine.dispose()
    assert setting(there.engine, "synchronous_commit") == "on"


def test_a_migration_may_take_its_time(there: House) -> None:
    with writing(there.engine) as connection:
        take_time(connection)
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "0"
    assert setting(there.engine, "statement_timeout") == "1min"


def test_a_look_sees_one_moment_waits_for_nobody_and_cannot_write(there: House) -> None:
    with writing(there.engine), reading(there.engine) as connection:
        connection.execute(text("SELECT 1"))  # though somebody writes
    with reading(there.engine) as connection:
        before = connection.execute(text("SELECT count(*) FROM posts")).scalar_one()
        there.complain()
        assert connection.execute(text("SELECT count(*) FROM posts")).scalar_one() == before
    with pytest.raises(BaseUnavailable, match="read-only"), reading(there.engine) as connection:
        connection.execute(text("DELETE FROM leases"))


def test_a_writer_waits_for_the_one_before_and_sees_what_it_did(there: House) -> None:
    seen: list[int] = []

    def second() -> None:
        with writing(there.engine) as connection:
            seen.append(connection.execute(text("SELECT count(*) FROM leases")).scalar_one())

    thread = threading.Thread(target=second)
    with writing(there.engine) as connection:
        thread.start()
        time.sleep(0.1)
        assert seen == []
        connection.execute(text("INSERT INTO leases (name, holder, until) VALUES ('a', 'b', now())"))
    thread.join()
    assert seen == [1]


def test_houses_on_one_server_do_not_wait_for_each_other(there: House, postgres_url: str) -> None:
    other = open_engine(postgres_url)
    with impatient(other, "50ms"), writing(there.engine), writing(other):
        pass
    other.dispose()


def test_a_writer_that_hangs_is_given_up_and_the_next_goes_on(there: House) -> None:
    def hang() -> None:
        with writing(there.engine) as connection:
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
            connection.execute(text("DELETE FROM brands WHERE key = 'swiftcourier'"))
            time.sleep(0.3)  # its machine sleeps
            connection.execute(text("SELECT 1"))

    with pytest.raises(Interrupted, match="nothing was changed"):
        hang()
    assert len(there.casebook.brands.all()) == 2
    there.casebook.can_write()


# When it cannot be used ------------------------------------------------------------------------------------------------


def refusal(url: str) -> str:
    engine = open_engine(url)
    with pytest.raises(BaseUnavailable) as told:
        Casebook(engine, KEY).brands.all()
    engine.dispose()
    return told.value.why


def changed(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def test_a_base_held_by_somebody_else_says_that_it_is_busy(there: House) -> None:
    waiting = open_engine(changed(str(there.engine.url)))
    with impatient(waiting, "50ms"), writing(there.engine), pytest.raises(BaseUnavailable, match="busy"):
        Casebook(waiting, KEY).can_write()
    waiting.dispose()


def test_a_server_that_is_away_says_so(postgres_url: str, at_once: None) -> None:
    away = changed(postgres_url, host="127.0.0.1", port=1, query={})
    assert "does not answer" in refusal(away)
    with pytest.raises(BaseUnavailable, match="does not answer"):
        upgrade(away)


def test_a_database_or_a_user_that_is_not_there_says_so(postgres_url: str) -> None:
    assert "no such database" in refusal(changed(postgres_url, database="nowhere at all"))
    assert "does not let us in" in refusal(changed(postgres_url, username="mallory"))


def test_an_unprepared_base_says_how_to_prepare_it(postgres_url: str) -> None:
    assert "amends migrate" in refusal(postgres_url)


def test_without_its_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BaseUnavailable, match=r"pip install 'amends\[scale\]'"):
        open_engine("postgresql://nobody@127.0.0.1/none")


def test_a_server_that_takes_no_writes_shows_but_does_not_write(there: House) -> None:
    there.do(f'ALTER DATABASE "{there.engine.url.database}" SET default_transaction_read_only = on')
    there.engine.dispose()
    with pytest.raises(BaseUnavailable, match="server is read-only"):
        there.casebook.can_write()
    assert len(there.casebook.brands.all()) == 2


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("disk_full", "disk is full"),
        ("out_of_memory", "out of memory"),
        ("too_many_connections", "takes no more connections"),
        ("io_error", "disk of the database server fails"),
        ("data_corrupted", "Restore it from a backup"),
        ("index_corrupted", "Restore it from a backup"),
        ("query_canceled", "took too long"),
        ("insufficient_privilege", "owner of the database"),
        ("lock_not_available", "busy"),
        ("invalid_password", "does not let us in"),
    ],
)
def test_what_the_server_says_becomes_a_sentence_for_the_owner(there: House, condition: str, told: str) -> None:
    there.meddle("BEFORE INSERT ON leases", "", f"RAISE {condition}")
    with pytest.raises(BaseUnavailable, match=told):
        there.casebook.leases.hold("ticker", "one", NOON, MINUTE)
    assert there.casebook.leases.holder("ticker") is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('connection failed: … FATAL:  password authentication failed for user "ana"', "does not let us in"),
        ('connection failed: … FATAL:  no pg_hba.conf entry for host "10.0.0.7"', "does not let us in"),
        ("connection failed: … fe_sendauth: no password supplied", "does not let us in"),
        ("connection failed: … FATAL:  sorry, too many clients already", "takes no more connections"),
        ("connection failed: … FATAL:  remaining connection slots are reserved", "takes no more connections"),
        ("connection failed: … FATAL:  the database system is starting up", "just starting or ending"),
        ("failed to resolve host 'nowhere.example'", "does not answer"),
        ("connection timeout expired", "does not answer"),
    ],
)
def test_what_is_said_before_a_connection_stands_is_understood_too(said: str, told: str) -> None:
    assert told in what_it_means(Exception(said))


# Tried again -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ["serialization_failure", "deadlock_detected"])
def test_what_the_base_interrupts_is_tried_again_and_done_once(there: House, at_once: None, condition: str) -> None:
    case_id = there.complain()
    there.do("CREATE SEQUENCE tries")  # a sequence is not rolled back
    there.meddle("BEFORE INSERT ON notes", "", f"IF nextval('tries') < 3 THEN RAISE {condition}; END IF; RETURN NEW")
    there.casebook.cases.note(case_id, "She has been here before.", there.ana, NOON)
    assert there.one("SELECT last_value FROM tries") == 3
    assert [move.note for move in there.file(case_id).history if move.note] == ["She has been here before."]


def test_it_is_not_tried_for_ever(there: House, at_once: None) -> None:
    there.do("CREATE SEQUENCE tries")
    there.meddle("BEFORE INSERT ON leases", "", "PERFORM nextval('tries'); RAISE deadlock_detected")
    with pytest.raises(BaseUnavailable, match="busy"):
        there.casebook.leases.hold("ticker", "one", NOON, MINUTE)
    assert there.one("SELECT last_value FROM tries") == len(shelf.WAITS) + 1


def test_what_was_wrong_in_itself_is_not_tried_again(there: House, at_once: None) -> None:
    there.do("CREATE SEQUENCE tries")
    there.meddle("BEFORE INSERT ON leases", "", "PERFORM nextval('tries'); RAISE disk_full")
    with pytest.raises(BaseUnavailable):
        there.casebook.leases.hold("ticker", "one", NOON, MINUTE)
    assert there.one("SELECT last_value FROM tries") == 1


def test_a_connection_that_breaks_in_the_middle_is_replaced_and_the_act_is_done_once(
    there: House, at_once: None
) -> None:
    broken: list[int] = []

    def wake(connection: Connection, _: object) -> None:
        if not broken:
            broken.append(1)
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    case_id = there.complain()
    proposal = there.propose(case_id)
    reply = Casebook(there.engine, KEY, wake).replies.approve(proposal, 1, there.ana, NOON, hold=MINUTE)
    assert broken == [1]
    assert there.rows("SELECT id, state FROM replies") == [(reply, "approved")]
    assert [row[1:] for row in there.history(case_id) if row[1] == "reply"] == [("reply", "", "approved")]


def test_a_connection_that_breaks_while_saving_is_not_tried_again_but_told(there: House, at_once: None) -> None:
    # Nobody can know whether it was saved: here it was not.
    there.do("CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$")  # fmt: skip
    there.do("CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON leases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()")  # fmt: skip
    with pytest.raises(BaseUnavailable, match="Look whether it was done") as told:
        there.casebook.leases.hold("ticker", "one", NOON, MINUTE)
    assert not isinstance(told.value, Interrupted)
    assert there.casebook.leases.holder("ticker") is None


def test_connections_that_the_server_closed_overnight_are_replaced_unseen(there: House) -> None:
    there.complain()
    me = "pid <> pg_backend_pid() AND datname = current_database()"
    other = open_engine(str(there.engine.url))
    with reading(other) as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {me}")
    other.dispose()
    assert there.file(1).case.turn == 1
    there.casebook.can_write()


# It is the lock that does it -------------------------------------------------------------------------------------------


def test_without_the_lock_two_writers_would_pass_the_same_check(there: House) -> None:
    # The harness has teeth: what the other tests find whole is broken here.
    engines = [open_engine(str(there.engine.url)) for _ in range(2)]  # as two processes have them
    both = threading.Barrier(2, timeout=5)
    passed: list[object] = []

    def wait(statement: str) -> None:
        if statement.startswith("INSERT INTO leases"):
            both.wait()  # each has looked and found nobody

    def hold(engine: Engine) -> None:
        try:
            passed.append(Casebook(engine, KEY).leases.hold("ticker", str(id(engine)), NOON, MINUTE))
        except Exception as error:  # noqa: BLE001 - whatever comes of it
            passed.append(type(error).__name__)

    threads = [threading.Thread(target=hold, args=(engine,)) for engine in engines]
    for engine in engines:
        event.remove(engine, "begin", postgres._begin)
        event.listen(engine, "before_cursor_execute", lambda *given: wait(given[2]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    assert sorted(map(str, passed)) == ["IntegrityError", "True"]
