"""The wheel carries everything the service needs, and nothing else."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

ROOMS = ("monitor", "responders", "storage", "places", "desk", "sandbox", "torture")
VENDORED = ("htmx-2.min.js", "htmx-0BSD.txt")


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("amends-*.whl")
    return zipfile.ZipFile(built)


def test_every_file_of_every_room_travels(project: Path, wheel: zipfile.ZipFile) -> None:
    ours = {
        path.relative_to(project).as_posix()
        for room in ROOMS
        for path in (project / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - set(wheel.namelist()) == set()


def test_the_migrations_travel_inside_storage(project: Path, wheel: zipfile.ZipFile) -> None:
    migrations = {path.relative_to(project / "alembic").as_posix() for path in (project / "alembic").rglob("*.py")}
    assert "env.py" in migrations
    assert {f"storage/_migrations/{name}" for name in migrations} <= set(wheel.namelist())


def test_htmx_travels_with_its_licence(wheel: zipfile.ZipFile) -> None:
    for name in VENDORED:
        assert wheel.getinfo(f"desk/web/static/vendor/{name}").file_size > 500, name


def test_our_tests_and_tools_stay_at_home(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)


def test_the_wheel_installs_the_command_and_our_licence(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "amends = desk.cli:main" in wheel.read(entry_points).decode()
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_an_installed_wheel_makes_a_whole_base_far_from_any_checkout(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "installed")
    script = "import storage.migrate; storage.migrate.upgrade('sqlite:///amends.db'); print(storage.migrate.__file__)"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert Path(run.stdout.strip()).is_relative_to(tmp_path)
    with closing(sqlite3.connect(tmp_path / "amends.db")) as base:
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert len(tables - {"alembic_version"}) > 10
