"""Ana runs Amends on a database server: commands, pages and workers, each in its own process, on as many machines as she likes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from desk import health
from desk.cli import run
from desk.clock import utc_now
from desk.scaled import server
from desk.scaled.alive import count_workers
from desk.secret import open_key
from desk.wiring import House
from tests.scaled.conftest import eventually, opened, rows, settings_at

CONFIG = """\
[service]
port = {port}
practice = true
tick = "1 s"

[[brand]]
key = "rosebakery"
name = "Rose Bakery"
time_zone = "Europe/Bucharest"
"""
END_WITHIN = 3.0


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def shop(migrated_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ana's folder: her config file, her key, and the server's address in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AMENDS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AMENDS_DATABASE_URL", migrated_postgres_url)
    (tmp_path / "config.toml").write_text(CONFIG.format(port=free_port()), encoding="utf-8")
    open_key(tmp_path / "secret.key")
    return tmp_path


@pytest.fixture
def house(shop: Path, migrated_postgres_url: str) -> Iterator[House]:
    """A look at the same database from this process."""
    with opened(settings_at(migrated_postgres_url, shop)) as opened_house:
        yield opened_house


@contextmanager
def running(folder: Path, role: str, says: str) -> Iterator[subprocess.Popen[str]]:
    """A process of this role, once it says so."""
    command = [sys.executable, "-c", "from desk.cli import main; main()", "run", "--role", role]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith(says), line + (process.stderr.read() if process.stderr else "")
        yield process
    finally:
        process.kill()
        process.communicate()


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command says no."""
    assert run(list(arguments)) == 2
    told = capsys.readouterr().err
    assert told.startswith("amends: ")
    assert told.count("\n") == 1
    return told


def doctor(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What doctor says of each thing."""
    run(["doctor"])
    lines = (line[5:].partition(": ") for line in capsys.readouterr().out.splitlines())
    return {what: says for what, _, says in lines}


def test_a_worker_works_without_pages_and_ends_when_told(
    shop: Path, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(shop, "worker", "Amends is working, without pages."):
        assert eventually(lambda: count_workers(house.engine) == 1)
        with running(shop, "worker", "Amends is working") as other:
            assert eventually(lambda: count_workers(house.engine) == 2)
            assert doctor(capsys)["mode"] == "workers on a server's database, 2 alive"
            began = time.monotonic()
            other.send_signal(signal.SIGTERM)
            assert other.wait(20) == 0
            assert time.monotonic() - began < END_WITHIN
        assert eventually(lambda: rows(house, "SELECT count(*) FROM procrastinate_workers") == [(1,)], within=2.0)
    assert eventually(lambda: count_workers(house.engine) == 0), "killed, it is not counted for long"
    assert "none is alive: start one with amends run --role worker" in doctor(capsys)["mode"]


def test_pages_alone_serve_and_say_how_many_work(shop: Path, house: House) -> None:
    house.casebook.people.add("ana@rosebakery.example", "Ana", "owner", "no password", utc_now())
    with running(shop, "web", "Amends is running: http://127.0.0.1:") as web:
        port = int((shop / "config.toml").read_text().partition("port = ")[2].split()[0])
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            told = json.loads(answer.read())
        assert (answer.status, told["workers"], told["ok"]) == (200, 0, True), "a moment without workers is no fault"
        assert rows(house, "SELECT count(*) FROM procrastinate_workers") == [(0,)]
        web.send_signal(signal.SIGINT)
        assert web.wait(20) == 0


@pytest.mark.parametrize("role", ["web", "worker"])
def test_with_a_file_one_service_does_everything(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMENDS_DATABASE_URL", raising=False)
    (tmp_path / "config.toml").write_text(CONFIG.format(port=free_port()), encoding="utf-8")
    assert "needs a database on a server" in refusal(capsys, "run", "--role", role)
    assert not (tmp_path / "amends.sqlite").exists()


def test_from_an_empty_database_init_makes_everything(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMENDS_DATABASE_URL", postgres_url)
    assert run(["init", "--yes", "--brand", "Rose", "--email", "ana@rose.example"]) == 0
    assert 'database = "postgresql://' in (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert run(["migrate"]) == 0
    assert capsys.readouterr().out.endswith("is up to date.\n")
    assert run(["cases"]) == 0
    assert "0 need an answer" in capsys.readouterr().out
    assert doctor(capsys)["owner"] == "ana@rose.example"
    assert list(tmp_path.glob("*.sqlite*")) == []


def test_a_database_made_by_nobody_yet_is_made_by_the_first_command(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMENDS_DATABASE_URL", postgres_url)
    (tmp_path / "config.toml").write_text(CONFIG.format(port=free_port()), encoding="utf-8")
    assert run(["migrate"]) == 0
    assert "is now of this version" in capsys.readouterr().out
    assert (tmp_path / "secret.key").exists()
    assert run(["cases"]) == 0


def test_another_machine_needs_the_same_key(
    shop: Path, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "secret.key").unlink()
    assert "Copy it from the machine that made the database" in refusal(capsys, "cases")
    open_key(shop / "secret.key")
    assert "is not the one that belongs to the database" in refusal(capsys, "cases")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://amends:tulips@127.0.0.1:9/amends", "does not answer"),
        ("{server}no_such_database", "no such database"),
        ("{nobody}", "does not let us in"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_in_one_line_without_its_password(
    address: str, says: str, shop: Path, migrated_postgres_url: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    head, slash, name = migrated_postgres_url.rpartition("/")
    nobody = f"postgresql://nobody_here:tulips@{head.rpartition('@')[2]}{slash}{name}"
    monkeypatch.setenv("AMENDS_DATABASE_URL", address.format(server=head + slash, nobody=nobody))
    told = refusal(capsys, "cases")
    assert says in told
    assert "tulips" not in told


def test_without_the_libraries_ana_is_told_what_to_install(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "LIBRARIES", ("psycopg", "no_such_library"))
    assert refusal(capsys, "cases") == (
        "amends: A database on a server needs no_such_library, which is not installed. "
        'Run: pip install "amends[scale]"\n'
    )


def test_the_doctor_compares_the_clocks_and_leaves_the_disk_to_the_server(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = doctor(capsys)
    assert told["clock"].endswith("UTC")
    assert told["disk"] == "everything is kept on the database server; watch its disk there"
    assert told["database"].endswith("can be read and written")
    monkeypatch.setattr(health, "utc_now", lambda: utc_now() + health.LITTLE * 4)
    assert "20 s ahead of the database server's" in doctor(capsys)["clock"]
