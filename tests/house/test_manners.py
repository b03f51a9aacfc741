"""How we write: no unfinished work, no swallowed errors, no names that say nothing, no paths of anybody's machine."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOMS = ("monitor", "responders", "storage", "places", "desk", "sandbox", "torture", "alembic")

EMPTY_NAMES = {
    *("util", "utils", "helper", "helpers", "base", "common", "misc", "manager", "managers", "processor", "processors"),
    *("handler", "handlers", "ticket", "tickets", "item", "items", "record", "records"),
}


def our_code(project: Path) -> list[Path]:
    found = [path for room in ROOMS for path in sorted((project / room).rglob("*.py"))]
    assert found
    return [*found, project / "hatch_build.py"]


def test_no_module_hides_behind_a_name_that_says_nothing(project: Path) -> None:
    assert [path for path in our_code(project) if EMPTY_NAMES & {path.stem, path.parent.name}] == []


def test_nothing_is_left_for_later(project: Path) -> None:
    left = [
        f"{path.relative_to(project)}:{line}" for path in our_code(project) for line in unfinished(path.read_text())
    ]
    assert left == []


def unfinished(source: str) -> Iterator[int]:
    """Lines that put work off, or that quiet a tool without saying about what; the words may stand in text we look for."""
    put_off = re.compile(r"\b(?:TODO|FIXME|XXX)\b|#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:)")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and put_off.search(token.string):
            yield token.start[0]
        if token.type == tokenize.NAME and token.string == "NotImplementedError":
            yield token.start[0]


@pytest.mark.parametrize(
    "source",
    ["work()  # TODO: tomorrow", "raise NotImplementedError", "work()  # type: ignore", "work()  # noqa"],
)
def test_the_ways_to_put_work_off_are_known(source: str) -> None:
    assert list(unfinished(source)) == [1]


def test_a_reply_may_be_searched_for_words_like_these() -> None:
    assert list(unfinished('LEFT_OVER = re.compile(r"TODO|XXX")  # noqa: S105')) == []


def test_no_error_is_swallowed_without_a_word(project: Path) -> None:
    swallowed = [
        f"{path.relative_to(project)}:{line}" for path in our_code(project) for line in silences(path.read_text())
    ]
    assert swallowed == []


def silences(source: str) -> Iterator[int]:
    """Lines where an exception ends in nothing at all, or where every exception is suppressed."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and all(says_nothing(statement) for statement in node.body):
            yield node.lineno
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            yield from (node.lineno for name in node.args if ast.unparse(name) in {"Exception", "BaseException"})


def says_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    work()\nexcept OSError:\n    pass\n",
        "try:\n    work()\nexcept Exception: ...\n",
        "with contextlib.suppress(Exception):\n    work()\n",
    ],
)
def test_the_ways_to_swallow_an_error_are_known(source: str) -> None:
    assert list(silences(source))


def test_an_error_that_is_dealt_with_is_no_silence() -> None:
    assert list(silences("try:\n    work()\nexcept OSError:\n    found = None\n")) == []


def test_no_file_knows_the_machine_it_was_written_on(project: Path) -> None:
    ours = [
        *our_code(project),
        *(project / "tests").rglob("*.py"),
        *(project / "docs").rglob("*.md"),
        *project.glob("*.*"),
    ]
    somebodys = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/\w")
    assert [path for path in ours if path.is_file() and somebodys.search(path.read_text(errors="replace"))] == []


def test_every_command_the_readme_gives_exists(project: Path) -> None:
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", (project / "README.md").read_text(), re.DOTALL))
    for target in set(re.findall(r"(?<![\w-])make ([a-z][a-z-]*)", code)):
        known = subprocess.run(["make", "--dry-run", target], cwd=project, capture_output=True, text=True)
        assert known.returncode == 0, f"README.md speaks of `make {target}`: {known.stderr}"
