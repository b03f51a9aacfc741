"""The real service, started as Ana starts it and ended as she ends it."""

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
from contextlib import contextmanager
from pathlib import Path

import pytest

from desk.clock import utc_now
from desk.config_file import load_settings
from desk.figures import sign_in
from desk.wiring import open_house

START_WITHIN = 60.0
"""Seconds for a start on a machine that runs other tests as well; alone it takes two."""
END_WITHIN = 3.0

CONFIG = """\
[service]
port = {port}
practice = true
tick = "1 s"
log_level = "info"

[[brand]]
key = "rosebakery"
name = "Rose Bakery"
"""


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def amends(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`amends` in a folder, as a process of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    command = [sys.executable, "-c", "from desk.cli import main; main()", *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The service, once it says that it runs."""
    process = amends(folder, "run")
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Amends is running: http://127.0.0.1:"), line + (
            process.stderr.read() if process.stderr else ""
        )
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, int]:
    """A folder with a config file and an owner, and the port that the service will take."""
    port = free_port()
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(port=port), encoding="utf-8")
    house = open_house(load_settings(path, {}), environ={})
    house.casebook.people.add("ana@rosebakery.example", "Ana", "owner", "no password", utc_now())
    house.close()
    return tmp_path, port


def open_inbox(port: int) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """An open inbox page, listening for changes as a browser does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/events", headers={"Cookie": sign_in(connection)})
    stream = connection.getresponse()
    assert stream.status == 200
    assert stream.readline().startswith(b"retry:")
    return connection, stream


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_three_seconds_also_with_an_inbox_open(shop: tuple[Path, int], how: signal.Signals) -> None:
    folder, port = shop
    with running(folder) as process:
        connection, _ = open_inbox(port)
        began = time.monotonic()
        process.send_signal(how)
        out, told = process.communicate(timeout=20)
        assert time.monotonic() - began < END_WITHIN
        assert process.returncode == 0, told
        assert "Traceback" not in out + told
        connection.close()
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


def test_a_second_service_on_one_base_serves_pages_and_takes_over(shop: tuple[Path, int]) -> None:
    folder, port = shop
    other = free_port()
    with running(folder) as first:
        assert first.stderr is not None
        assert "this service does the work" in first.stderr.readline()
        (folder / "second.toml").write_text(CONFIG.format(port=other), encoding="utf-8")
        second = amends(folder, "run", "--config", "second.toml")
        assert second.stdout is not None
        assert second.stderr is not None
        try:
            assert "another service does the work" in second.stderr.readline()
            assert second.stdout.readline().startswith("Amends is running")
            for number in (port, other):
                connection = http.client.HTTPConnection("127.0.0.1", number, timeout=20)
                connection.request("GET", "/healthz")
                assert json.loads(connection.getresponse().read())["ok"] is True
                connection.close()
            first.send_signal(signal.SIGTERM)
            assert "this service does the work" in second.stderr.readline()
        finally:
            second.kill()
            second.communicate()


def test_a_taken_port_is_told_in_one_line(shop: tuple[Path, int]) -> None:
    folder, port = shop
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = amends(folder, "run")
        out, told = process.communicate(timeout=START_WITHIN)
    assert process.returncode == 2
    assert told.startswith(f"amends: Port {port} is taken by another program")
    assert told.count("\n") == 1
    assert out == ""
