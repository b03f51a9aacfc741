"""The same on a PostgreSQL server: connections that are cut at any statement, a server that goes away, takes no writes, or lets nobody in."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url, text

from desk.cli import run
from desk.errors import Trouble
from desk.web.app import create_app
from desk.wiring import open_house
from storage.casebook import shelf
from storage.engine import open_engine, reading, writing
from storage.keeping import NotKept
from storage.rules import RULES
from storage.server_keeping import back_up_server, put_back_server
from storage.verifying import look_at
from storage.words import CaseState, ReplyState
from tests.databases import fresh_database, tell_server
from tests.misbehaving.counter import SETTLING, Counter, shop_in
from tests.misbehaving.flows import FLOWS
from tests.web.visitors import Browser, parse, words


class Line:
    """The line to the server. It can be cut, and nobody answers until it is mended: what a restart of the server looks like from here."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._listening: socket.socket | None = None
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = int(free.getsockname()[1])
        self.mend()

    def mend(self) -> None:
        """Let people through."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._let_through, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        """End every connection, and let nobody through."""
        if self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        with self._lock:
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._ends.clear()

    def _let_through(self, listening: socket.socket) -> None:
        while True:
            try:
                here, _ = listening.accept()
                there = socket.create_connection(self._there)
            except OSError:
                return
            with self._lock:
                self._ends += [here, there]
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while said := one.recv(65536):
            other.sendall(said)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@pytest.fixture
def line(migrated_postgres_url: str) -> Iterator[Line]:
    """A line to a fresh database's server."""
    there = make_url(migrated_postgres_url)
    opened = Line(there.host or "127.0.0.1", there.port or 5432)
    yield opened
    opened.cut()


@pytest.fixture
def far_shop(tmp_path: Path, migrated_postgres_url: str, line: Line) -> Iterator[Counter]:
    """Ana's shop, whose base is on a server at the other end of a line."""
    address = make_url(migrated_postgres_url).set(host="127.0.0.1", port=line.port)
    with shop_in(tmp_path, address.render_as_string(hide_password=False)) as opened:
        judge = open_engine(migrated_postgres_url)

        def knows() -> bool:
            with reading(judge) as connection:
                asked = (
                    "SELECT count(*) FROM replies WHERE state = 'sending' AND payload LIKE '%' || approved_text || '%'"
                )
                return int(connection.execute(text(asked)).scalar_one()) > 0

        opened.witness.ask = knows
        opened.hear(opened.write())
        opened.work("propose", "post", "look")
        yield opened
        judge.dispose()


def posted_once(shop: Counter, thing: tuple[int, int]) -> None:
    """It is up once, and known to be."""
    case_id, reply_id = thing
    assert shop.up(case_id) == [shop.text_of(reply_id)]
    assert shop.state_of(reply_id) is ReplyState.POSTED
    assert shop.witness.without_intent == []


@contextmanager
def cut_at(server: str, engine: Engine, number: int) -> Iterator[list[str]]:
    """The server ends our session before statement `number`, COMMIT among them; the statements seen."""
    seen: list[str] = []

    def statement(connection: Any, cursor: Any, said: str, *_: Any) -> None:
        seen.append(said)
        if len(seen) == number:
            end(cursor.connection)

    def commit(connection: Any) -> None:
        seen.append("COMMIT")
        if len(seen) == number:
            end(connection.connection.driver_connection)

    def end(raw: Any) -> None:
        # From another database: in this one the session that is to end may hold the writers' lock.
        tell_server(server, f"SELECT pg_terminate_backend({raw.info.backend_pid})")

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)


def test_a_session_ended_at_any_statement_of_posting_neither_doubles_nor_loses(
    far_shop: Counter, postgres_server: str
) -> None:
    shop, flow = far_shop, FLOWS[3]
    thing = flow.ready(shop)
    with cut_at(postgres_server, shop.house.engine, 0) as statements:
        shop.work("post")
    posted_once(shop, thing)
    commits = [number for number, said in enumerate(statements, 1) if said == "COMMIT"]
    assert len(commits) >= 4
    near = {one + by for one in commits for by in (0, 1)}
    for number in sorted(near | set(range(1, len(statements), 5))):
        thing = flow.ready(shop)
        with cut_at(postgres_server, shop.house.engine, number):
            shop.work("post")
        shop.work("post", "look", after=SETTLING)
        shop.work("look", after=SETTLING)
        posted_once(shop, thing)
    shop.check_whole()


def test_a_server_that_goes_away_is_waited_for_and_told_once(
    far_shop: Counter, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "WAITS", (0.01,))
    shop = far_shop
    thing = FLOWS[3].ready(shop)
    said, asked = len(shop.log), shop.requests()
    browser = Browser(create_app(shop.house))
    line.cut()
    for _ in range(2):
        shop.work("post")
    assert (shop.witness.posts, shop.requests()) == (0, asked)
    told = [entry for entry in shop.log[said:] if entry["event"] == "work waits for the database"]
    assert len(told) == 1
    assert re.search("does not answer|broke", told[0]["why"])
    answer = browser.get("/sign-in")
    assert answer.status_code in (200, 503)
    assert browser.get("/healthz").status_code == 503
    with pytest.raises(Trouble, match="Look whether PostgreSQL is running"):
        open_house(shop.settings, {})
    line.mend()
    shop.work("post")
    posted_once(shop, thing)
    assert "the database can be used again; work goes on" in shop.told
    shop.check_whole()


def test_a_server_that_goes_away_while_the_request_is_under_way(far_shop: Counter, line: Line) -> None:
    shop = far_shop
    thing = FLOWS[3].ready(shop)
    app, judge = shop.witness.app, shop.witness.ask

    async def cutting(scope: Any, *given: Any) -> None:
        if scope["method"] == "POST":
            line.cut()
        await app(scope, *given)

    shop.witness.app = cutting
    shop.work("post")
    shop.witness.app, shop.witness.ask = app, judge
    line.mend()
    assert shop.state_of(thing[1]) is ReplyState.SENDING, "it went out, and nobody could write down that it did"
    shop.work("post", "look", after=SETTLING)
    shop.work("look", after=SETTLING)
    posted_once(shop, thing)


def database_of(shop: Counter) -> str:
    """Its name on the server."""
    return str(make_url(shop.settings.database_url).database)


def everybody_out(shop: Counter, server: str) -> None:
    """End every session of the shop, so that what was set counts for new ones."""
    told = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_of(shop)}'"
    tell_server(server, told)


def test_a_server_that_takes_no_writes_shows_pages_and_posts_nothing(far_shop: Counter, postgres_server: str) -> None:
    shop = far_shop
    thing = FLOWS[3].ready(shop)
    tell_server(postgres_server, f'ALTER DATABASE "{database_of(shop)}" SET default_transaction_read_only = on')
    everybody_out(shop, postgres_server)
    asked = shop.requests()
    for _ in range(3):
        shop.work()
    assert (shop.witness.posts, shop.requests()) == (0, asked)
    assert "its server is read-only" in (shop.house.base_trouble.why or "")
    assert shop.house.reading.case(thing[0]) is not None
    tell_server(postgres_server, f'ALTER DATABASE "{database_of(shop)}" RESET default_transaction_read_only')
    everybody_out(shop, postgres_server)
    shop.work("post")
    posted_once(shop, thing)
    shop.check_whole()


def test_a_server_that_lets_nobody_in_is_waited_for(far_shop: Counter, postgres_server: str) -> None:
    shop = far_shop
    thing = FLOWS[3].ready(shop)
    tell_server(postgres_server, f'ALTER DATABASE "{database_of(shop)}" ALLOW_CONNECTIONS false')
    everybody_out(shop, postgres_server)
    shop.work("post")
    assert shop.witness.posts == 0
    assert "lets nobody into the database" in (shop.house.base_trouble.why or "")
    tell_server(postgres_server, f'ALTER DATABASE "{database_of(shop)}" ALLOW_CONNECTIONS true')
    shop.work("post")
    posted_once(shop, thing)


def test_a_page_says_whether_it_was_done_when_the_line_breaks_while_saving(
    far_shop: Counter, postgres_server: str
) -> None:
    shop = far_shop
    case_id = shop.complain()
    browser = Browser(create_app(shop.house))
    week = timedelta(days=7)
    session = shop.house.casebook.people.open_session(1, datetime.now(UTC), week, week)
    browser.cookies.set("amends-8420", session, domain="127.0.0.1")
    token = browser.token()
    with cut_at(postgres_server, shop.house.engine, 1_000) as seen:
        browser.post(f"/cases/{case_id}/note", data={"token": token, "text": "first"})
    at = len(seen) - 1 - seen[::-1].index("COMMIT") + 1
    for number in range(at - 8, at + 1):
        with cut_at(postgres_server, shop.house.engine, number) as seen:
            told = {"token": token, "text": "what she told me on the phone"}
            answer = browser.post(f"/cases/{case_id}/note", data=told, follow_redirects=False)
        if answer.status_code == 503:
            page = words(parse(answer.text))
            assert "what she told me on the phone" in page
            if number <= len(seen) and seen[number - 1] == "COMMIT":
                assert "Look whether it was done" in page
    shop.check_whole()


def test_an_older_archive_put_back_by_other_means_is_known_by_the_note(far_shop: Counter, postgres_server: str) -> None:
    shop = far_shop
    case_id, reply_id = FLOWS[3].ready(shop)
    shop.house.engine.dispose()
    everybody_out(shop, postgres_server)
    with fresh_database(postgres_server, shop.settings.database_url) as copy:
        shop.work("post")
        shop.house.close()
        shop.settings = shop.settings.kept_at(copy)
        shop.open()
        assert shop.state_of(reply_id) is ReplyState.WITHDRAWN
        assert shop.house.casebook.pauses.scopes() == {"*"}
        shop.house.casebook.pauses.resume("*", "command", datetime.now(UTC))
        shop.work("post", after=SETTLING)
        assert len(shop.up(case_id)) == 1
        shop.house.close()


HARMS: dict[str, str] = {
    "what was approved is what was proposed, word for word": "UPDATE replies SET approved_text = 'Buy now!'",
    "every post has its newest text": "UPDATE posts SET version = 7",
    "the history's chain": "UPDATE history SET who = 'person:2'",
    "every link between rows": "DELETE FROM customers",
}


def test_a_base_on_a_server_is_verified_by_the_same_rules(far_shop: Counter, postgres_server: str) -> None:
    shop = far_shop
    shop.approve(shop.complain())
    key = shop.house.casebook.key
    looks = list(look_at(shop.house.engine, key))
    assert [look for look in looks if not look.holds] == []
    assert len(looks) == len(RULES) + 4
    shop.house.engine.dispose()
    everybody_out(shop, postgres_server)
    for rule, harm in HARMS.items():
        with fresh_database(postgres_server, shop.settings.database_url) as copy:
            engine = open_engine(copy)
            with writing(engine) as connection:
                connection.execute(text("SET LOCAL session_replication_role = replica"))  # no triggers, no foreign keys
                connection.execute(text(harm))
            wrong = [look.found for look in look_at(engine, key) if not look.holds]
            assert any(found.startswith(rule) for found in wrong), (rule, wrong)
            engine.dispose()
    shop.check_whole()


# Backups ----------------------------------------------------------------------------------------------------------------


def test_a_base_on_a_server_is_backed_up_and_put_back_safely(far_shop: Counter, postgres_server: str) -> None:
    shop = far_shop
    case_id, reply_id = FLOWS[3].ready(shop)
    archive, key, now = shop.folder / "backup.dump", shop.house.casebook.key, datetime.now(UTC)
    if shutil.which("pg_dump") is None:
        with pytest.raises(NotKept, match="pg_dump is not installed"):
            back_up_server(shop.settings.database_url, archive, key)
        return
    looks = back_up_server(shop.settings.database_url, archive, key)
    assert all(look.holds for look in looks)
    assert archive.stat().st_mode & 0o077 == 0
    shop.work("post")
    assert len(shop.up(case_id)) == 1
    with pytest.raises(NotKept, match="is not empty, and nothing in it is written over"):
        put_back_server(archive, shop.settings.database_url, key, now)
    with fresh_database(postgres_server) as empty:
        (shop.folder / "text").write_text("a shopping list")
        with pytest.raises(NotKept, match="pg_restore failed"):
            put_back_server(shop.folder / "text", empty, key, now)
        settled = put_back_server(archive, empty, key, now)
        assert settled.taken_back == 1
        shop.house.close()
        shop.settings = shop.settings.kept_at(empty)
        shop.open()
        assert shop.state_of(reply_id) is ReplyState.WITHDRAWN
        shop.house.casebook.pauses.resume("*", "command", now)
        shop.work("post", "look", "follow", after=timedelta(minutes=6))
        assert len(shop.up(case_id)) == 1
        file = shop.house.reading.case(case_id)
        assert file is not None
        assert file.case.state is CaseState.ANSWERED
        shop.check_whole()
        shop.house.close()


def test_the_commands_on_a_server_show_no_password(
    far_shop: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = far_shop
    monkeypatch.chdir(shop.folder)
    address = make_url(shop.settings.database_url).set(password="not-to-be-seen")
    monkeypatch.setenv("AMENDS_DATABASE_URL", address.render_as_string(hide_password=False))
    Path("config.toml").write_text('[[brand]]\nkey = "rosebakery"\nname = "Rose Bakery"\n', encoding="utf-8")
    for command in (["verify"], ["backup"], ["backup", "b.dump"], ["restore", "b.dump"], ["restore", "nothing.dump"]):
        run(command)
    said = capsys.readouterr()
    assert "not-to-be-seen" not in said.out + said.err
    assert "Traceback" not in said.err
    assert "ok    every page and every index" in said.out
