"""What the owner sees while the base cannot be written: on pages, in the log, from commands and from /healthz, and afterwards."""

from __future__ import annotations

import http.client
import json
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog.testing

from desk.cli import run
from desk.demo import demo_keys
from desk.figures import sign_in
from desk.ticker import Shift
from desk.web.app import create_app
from storage.words import ReplyState
from tests.misbehaving.counter import SORRY, Counter
from tests.misbehaving.flows import FLOWS
from tests.misbehaving.tight import file_size
from tests.web.visitors import Browser, parse, words

ANA = "ana@rosebakery.example"
REFUSES = "The database cannot be written: the disk refuses. Look whether it is full"
SOON = 20.0
"""Seconds for what happens within a second on a machine that does nothing else."""


@pytest.fixture
def ana(shop: Counter) -> Browser:
    """Ana's browser, signed in."""
    browser = Browser(create_app(shop.house))
    person = shop.house.casebook.people.by_email(ANA)
    assert person is not None
    week = timedelta(days=7)
    session = shop.house.casebook.people.open_session(person.id, datetime.now(UTC), week, week)
    browser.cookies.set("amends-8420", session, domain="127.0.0.1")
    return browser


def press_approve(ana: Browser, case_id: int, text: str) -> tuple[int, str]:
    """Ana presses the one button, with words of her own; the answer's status and page."""
    answer = ana.press(f"/cases/{case_id}", f"/cases/{case_id}/approve", text=text)
    return answer.status_code, answer.text


def test_on_a_full_disk_pages_are_read_acts_are_refused_and_no_word_is_lost(shop: Counter, ana: Browser) -> None:
    case_id = shop.complain()
    page = ana.look(f"/cases/{case_id}")
    assert page is not None
    shop.empty_log()
    mine = f"{SORRY} Ana & Ben"
    shift = Shift(shop.house, timedelta(minutes=1))
    with file_size(0), structlog.testing.capture_logs():
        shift.renew()
        assert REFUSES in words(ana.look("/"))
        assert "Until then nothing is read, proposed or posted" in words(ana.look("/"))
        status, told = press_approve(ana, case_id, mine)
        assert status == 503, words(parse(told))
        assert REFUSES in words(parse(told))
        assert "What you pressed was not done." in words(parse(told))
        kept = list(parse(told).iter("textarea"))
        assert ["".join(one.itertext()) for one in kept] == [mine]
        assert [one.get("readonly") is not None for one in kept] == [True]
        assert "Ana &amp; Ben" in told
        assert ana.look("/cases") is not None
        assert ana.look("/sources") is not None
        answer = ana.get("/healthz")
        assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert shop.house.reading.case(case_id).replies == ()  # type: ignore[union-attr]
    shift.renew()
    assert REFUSES not in words(ana.look("/"))
    status, told = press_approve(ana, case_id, mine)
    assert status == 200
    shop.work("post")
    assert shop.up(case_id) == [mine]


def test_a_password_is_never_given_back(shop: Counter, ana: Browser) -> None:
    token = ana.token()
    shop.empty_log()
    secret = "a new and secret password"
    with file_size(0):
        answer = ana.post("/account/password", data={"token": token, "old": "no password", "new": secret})
    assert secret not in answer.text


def test_a_page_of_a_base_that_cannot_be_read_says_what_to_do(shop: Counter, ana: Browser) -> None:
    shop.house.close()
    shop.base.unlink()
    answer = ana.get("/")
    assert answer.status_code == 503
    assert "The database file is missing" in words(parse(answer.text))
    assert "What you pressed" not in answer.text


def test_open_pages_wait_quietly_for_a_base_that_cannot_be_read(shop: Counter) -> None:
    app = create_app(shop.house)
    shop.base.unlink()
    line = app.state.line.tell()

    async def first() -> list[str]:
        return [part async for part in line]

    import asyncio

    assert asyncio.run(first()) == ["retry: 15000\n\n"]
    assert app.state.line.open == 0


# Commands ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_the_prompt(shop: Counter, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Ana's terminal, in the shop's folder, with her config file."""
    monkeypatch.chdir(shop.folder)
    for name, value in demo_keys().items():
        monkeypatch.setenv(name, value)
    brand = shop.settings.brand[0]
    assert brand.x is not None
    Path("config.toml").write_text(
        f'[[brand]]\nkey = "{brand.key}"\nname = "{brand.name}"\n[brand.x]\nhandle = "rosebakery"\n'
        f'api = "{brand.x.api}"\nsearch = false\n',
        encoding="utf-8",
    )
    return shop


@pytest.mark.parametrize(
    "command", [["poll"], ["pause"], ["resume"], ["cases"], ["person", "ben@rosebakery.example", "--name", "Ben"]], ids=" ".join
)  # fmt: skip
def test_a_command_on_a_full_disk_says_so_in_one_line(
    at_the_prompt: Counter, command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMENDS_OWNER_PASSWORD", "four unrelated words")
    shop = at_the_prompt
    shop.house.close()
    with file_size(0):
        code = run(command)
    said = capsys.readouterr()
    assert code != 0 or command == ["cases"], "what only reads may go on"
    assert len(said.err.splitlines()) == (code != 0), said.err
    assert "Traceback" not in said.err
    assert code == 0 or "database cannot be written" in said.err or "cannot be opened" in said.err, said.err


def test_the_doctor_says_what_is_wrong_with_the_base(
    at_the_prompt: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = at_the_prompt
    shop.house.close()
    with file_size(0):
        assert run(["doctor"]) == 1
    assert "FAIL database: The database cannot be written" in capsys.readouterr().out
    held = shop.base.read_bytes()
    shop.base.write_bytes(held[:5000])
    assert run(["doctor"]) == 1
    assert "FAIL database: The database file is cut off" in capsys.readouterr().out
    shop.base.write_bytes(held)
    assert run(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "ok   database" in out
    assert f"-    backup: none in {shop.folder / 'backups'} yet" in out


# A real service ---------------------------------------------------------------------------------------------------------


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


CONFIG = """\
[service]
port = {port}
practice = true
tick = "1 s"

[posting]
hold = "1 s"
first_hold = "1 s"

[[brand]]
key = "rosebakery"
name = "Rose Bakery"
[brand.x]
handle = "rosebakery"
api = "{api}"
search = false
"""


class Log:
    """The service's log, read as it is written."""

    def __init__(self, stream: Iterator[str]) -> None:
        self.lines: list[str] = []
        self._thread = threading.Thread(target=lambda: self.lines.extend(iter(stream)), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The service has ended."""
        self._thread.join(SOON)

    def count(self, words: str) -> int:
        """How many lines have these words."""
        return sum(words in line for line in self.lines)


@contextmanager
def service(shop: Counter) -> Iterator[tuple[subprocess.Popen[str], int, Log]]:
    """The real command, in a process of its own, on the shop's base."""
    brand, port = shop.settings.brand[0], free_port()
    assert brand.x is not None
    (shop.folder / "config.toml").write_text(CONFIG.format(port=port, api=brand.x.api), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", "from desk.cli import main; main()", "run"],
        cwd=shop.folder,
        env={"PATH": "/usr/bin:/bin", **demo_keys()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log = Log(process.stderr)
    try:
        assert process.stdout.readline().startswith("Amends is running"), log.lines
        yield process, port, log
    finally:
        process.kill()
        process.wait()
        log.end()
        process.stdout.close()
        process.stderr.close()


def eventually(what: Callable[[], object]) -> bool:
    """Whether it becomes true soon."""
    last = time.monotonic() + SOON
    while not what() and time.monotonic() < last:
        time.sleep(0.05)
    return bool(what())


def ask(port: int, path: str, cookie: str = "") -> tuple[int, str]:
    """One page; its status and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()
    return answer.status, told


def test_a_running_service_meets_a_full_disk_and_goes_on_when_there_is_room(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = FLOWS[3].ready(shop)[1]  # due, while no service runs yet
    shop.house.casebook.pauses.pause("*", "command", datetime.now(UTC))
    shop.house.close()
    with service(shop) as (process, port, log):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        cookie = sign_in(connection)
        connection.close()
        assert eventually(lambda: ask(port, "/healthz")[0] == 200)
        assert ask(port, f"/cases/{case_id}", cookie)[0] == 200  # which loads what is loaded once
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, most))
        assert eventually(lambda: ask(port, "/healthz")[0] == 503)
        assert json.loads(ask(port, "/healthz")[1])["database"] == "cannot be written"
        assert eventually(lambda: REFUSES in ask(port, "/", cookie)[1])
        assert ask(port, f"/cases/{case_id}", cookie)[0] == 200, f"pages are read: {log.lines}"
        said = len(log.lines)
        time.sleep(2.5)
        assert len(log.lines) - said <= 1, "no line at every tick"
        assert log.count("the disk refuses") <= 3
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        assert eventually(lambda: ask(port, "/healthz")[0] == 200), "without a restart"
        assert eventually(lambda: log.count("the database can be used again") == 1)
        assert REFUSES not in ask(port, "/", cookie)[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0
    assert shop.witness.posts == 0
    shop.open()
    shop.house.casebook.pauses.resume("*", "command", datetime.now(UTC))
    shop.work("post")
    assert shop.state_of(reply_id) is ReplyState.POSTED
    shop.check_whole()
