"""A visitor tries the demo: the real town and the real service, as `make demo` starts them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from desk.config_file import parse_settings
from desk.demo import MARK, demo_config, demo_keys, prepare
from desk.errors import Trouble
from desk.port import take_port
from desk.wiring import open_house

SOON = 40.0
"""Seconds for what takes about five on a machine with nothing else to do."""
END_WITHIN = 3.0


def four_ports() -> int:
    """The first of four ports in a row that nobody uses."""
    for first in range(20_000 + os.getpid() % 20_000, 60_000, 4):
        try:
            for port in range(first, first + 4):
                take_port("127.0.0.1", port, "").close()
        except Trouble:
            continue
        return first
    raise AssertionError("no four free ports in a row")


def start(folder: Path, port: int, *arguments: str) -> subprocess.Popen[str]:
    """`amends demo`, once it says that it runs."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    command = [sys.executable, "-c", "from desk.cli import main; main()", "demo", "--port", str(port), *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if line.startswith("Amends is running"):
            assert line == f"Amends is running: http://127.0.0.1:{port}/  (Ctrl-C ends it)\n"
            return process
    raise AssertionError("".join(told))


def eventually(what: Callable[[], object]) -> bool:
    """Whether it becomes true within what a busy machine needs."""
    last = time.monotonic() + SOON
    while not what() and time.monotonic() < last:
        time.sleep(0.1)
    return bool(what())


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def cases_shown(port: int) -> int:
    """How many cases a visitor's inbox shows; nobody has to sign in."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(f"http://127.0.0.1:{port}/", timeout=20) as page:
        return int(page.read().count(b"data-case="))


def listening_addresses(port: int) -> set[str]:
    """The addresses on which a port listens, as Linux tells them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                found.add(local.rpartition(":")[0])
    return found


@pytest.mark.timeout(240)
def test_a_visit_a_crash_a_second_visit_and_a_clean_end(tmp_path: Path) -> None:
    port = four_ports()
    demo = start(tmp_path, port)
    try:
        assert eventually(lambda: cases_shown(port) >= 5), "complaints come in by themselves"
        for number in range(port, port + 4):
            assert listening_addresses(number) == {"0100007F"}, "on this computer alone"
        before = cases_shown(port)
    finally:
        demo.send_signal(signal.SIGKILL)
        demo.communicate()
    assert eventually(lambda: not any(is_open(number) for number in range(port, port + 4))), (
        "the town ends with its parent"
    )

    demo = start(tmp_path, port)
    try:
        assert eventually(lambda: cases_shown(port) >= before), "it goes on where it stopped"
        began = time.monotonic()
        demo.send_signal(signal.SIGINT)
        told, _ = demo.communicate(timeout=SOON)
        assert time.monotonic() - began < END_WITHIN
        assert demo.returncode == 0, told
        assert "Traceback" not in told
        assert not any(is_open(number) for number in range(port, port + 4))
    finally:
        demo.kill()
        demo.communicate()


@pytest.mark.timeout(120)
def test_a_town_that_dies_is_told(tmp_path: Path) -> None:
    port = four_ports()
    demo = start(tmp_path, port)
    try:
        (town,) = children(demo.pid)
        os.kill(town, signal.SIGKILL)
        told, _ = demo.communicate(timeout=SOON)
        assert demo.returncode == 2
        assert "The town ended by itself (code -9)" in told
        assert "town.log" in told
    finally:
        demo.kill()
        demo.communicate()


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()]


@pytest.mark.parametrize("beside", range(4))
def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path, beside: int, capfd: pytest.CaptureFixture[str]) -> None:
    from desk.cli import run

    port = four_ports()
    with take_port("127.0.0.1", port + beside, ""):
        assert run(["demo", "--port", str(port), "--state", str(tmp_path / "demo")]) == 2
    told = capfd.readouterr().err
    assert f"Port {port + beside} is taken" in told
    assert "PORT=" in told
    assert not (tmp_path / "demo").exists()


def test_fresh_leaves_a_folder_that_is_not_the_demos_alone(tmp_path: Path) -> None:
    (tmp_path / "accounts.xls").write_text("a year's work", encoding="utf-8")
    with pytest.raises(Trouble, match="not made by the demo"):
        prepare(tmp_path, fresh=True, say=print)
    assert (tmp_path / "accounts.xls").exists()


def test_fresh_begins_anew_and_without_it_everything_stays(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    prepare(folder, fresh=False, say=print)
    (folder / "amends.sqlite").touch()
    prepare(folder, fresh=False, say=print)
    assert (folder / "amends.sqlite").exists()
    prepare(folder, fresh=True, say=print)
    assert [path.name for path in folder.iterdir()] == [MARK]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Trouble, match="cannot keep its things"):
        prepare(tmp_path / "file" / "demo", fresh=False, say=print)


def test_the_demos_config_opens_every_site_of_every_brand_and_sends_no_mail(tmp_path: Path) -> None:
    settings = parse_settings(demo_config(9000), "demo", {}).beside(tmp_path)
    assert not settings.mail.host
    assert not settings.digest.to
    assert settings.demo
    house = open_house(settings, demo_keys())
    assert house.closed_places == ()
    assert set(house.publishers) == {(brand, place) for brand in house.brands for place in ("x", "reddit")}
    assert len(house.brands["rosebakery"].shops) == 2
    house.close()
