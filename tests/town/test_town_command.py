"""`python -m sandbox`: the whole town in one process, as the demo starts it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sandbox.keys import BRANDS, x_keys
from sandbox.world import World


def three_free_ports() -> int:
    """The first of three free ports in a row."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no three free ports in a row")


def command(port: int, state: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "sandbox", "--port", str(port), "--state", str(state), *more]


@contextmanager
def running(port: int, state: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command(port, state, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"sandbox ready http://127.0.0.1:{port}/\n"
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_three_shops_that_look_every_few_seconds_are_never_asked_to_slow_down(tmp_path: Path) -> None:
    port, shops, rounds = three_free_ports(), 3, 15 * 60 // 5
    bearer = {"authorization": f"Bearer {x_keys(BRANDS[0]).bearer_token}"}
    with running(port, tmp_path / "town.db"):
        asked = requests.get(
            f"http://127.0.0.1:{port + 1}/2/tweets/search/recent", {"query": "rose"}, headers=bearer, timeout=10
        )
    assert asked.status_code == 200
    assert int(asked.headers["x-rate-limit-remaining"]) > 2 * shops * rounds


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_pages_x_and_reddit_and_ends_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    port = three_free_ports()
    with running(port, tmp_path / "deep" / "town.db") as process:
        assert "Practice town" in requests.get(f"http://127.0.0.1:{port}/", timeout=10).text
        assert requests.get(f"http://127.0.0.1:{port + 1}/2/users/me", timeout=10).status_code == 401
        assert requests.get(f"http://127.0.0.1:{port + 2}/api/v1/me", timeout=10).status_code in (401, 429)
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\n")
            asked = time.monotonic()
            process.send_signal(number)
            _, errors = process.communicate(timeout=10)
            assert time.monotonic() - asked < 2
        assert (process.returncode, errors) == (0, "")


def test_a_killed_town_goes_on_and_a_fresh_one_begins_anew(tmp_path: Path) -> None:
    port, state = three_free_ports(), tmp_path / "town.db"
    with running(port, state, "--speed", "400") as process:
        deadline = time.monotonic() + 10
        while (
            requests.get(f"http://127.0.0.1:{port}/", timeout=10).text.count("data-post") < 40
            and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        process.kill()
    with World(state) as world:
        first = {post.history[0] for post in world.posts("x")}
        epoch = world.recall("town:epoch")
    with running(port, state), World(state) as world:
        assert world.recall("town:epoch") == epoch
        assert first <= {post.history[0] for post in world.posts("x")}
    with running(port, state, "--fresh", "--seed", "5"), World(state) as world:
        assert world.recall("town:epoch") != epoch
        assert world.recall("town:seed") == "5"


def test_a_town_with_a_parent_ends_when_the_parent_is_gone(tmp_path: Path) -> None:
    port = three_free_ports()
    started = subprocess.Popen(
        command(port, tmp_path / "town.db", "--with-parent"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stdout is not None
        assert started.stdout.readline().startswith("sandbox ready")
        assert started.poll() is None
        _, errors = started.communicate(timeout=5)  # closes its standard input, as the end of a parent does
        assert (started.returncode, errors) == (0, "")
    finally:
        started.kill()


def test_a_town_whose_parent_lives_still_ends_when_told_to(tmp_path: Path) -> None:
    port = three_free_ports()
    started = subprocess.Popen(
        command(port, tmp_path / "town.db", "--with-parent"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert started.stdout is not None
        assert started.stdout.readline().startswith(b"sandbox ready")
        started.send_signal(signal.SIGTERM)
        assert started.wait(5) == 0
        assert started.stderr is not None
        assert started.stderr.read() == b""
    finally:
        started.kill()
        started.communicate()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_taken_port_is_one_clear_line_and_the_file_is_left_alone(tmp_path: Path, which: int) -> None:
    port, state = three_free_ports(), tmp_path / "town.db"
    state.write_bytes(b"")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + which))
        taken.listen()
        done = subprocess.run(command(port, state, "--fresh"), capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr == f"sandbox: port {port}, {port + 1} or {port + 2} is taken; choose another with --port\n"
    assert state.read_bytes() == b""


def test_a_file_that_is_no_town_is_one_clear_line(tmp_path: Path) -> None:
    state = tmp_path / "letter.txt"
    state.write_text("Dear Ana, " * 1_000)
    done = subprocess.run(command(three_free_ports(), state), capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr.startswith(f"sandbox: {state} cannot be used: ")
    assert done.stderr.count("\n") == 1
    assert state.read_text().startswith("Dear Ana")


def test_a_place_where_no_file_can_be_is_one_clear_line() -> None:
    done = subprocess.run(
        command(three_free_ports(), Path("/proc/town/town.db")), capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 2
    assert done.stderr.startswith("sandbox: /proc/town/town.db")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("more", [["--speed", "0"], ["--port", "65535"], ["--seed", "x"]])
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, more: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--state", str(tmp_path / "town.db"), *more],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    assert more[0] in done.stderr
