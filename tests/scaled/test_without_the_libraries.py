"""Whoever has one file and one machine installs neither PostgreSQL's driver nor a queue, and never misses them."""

from __future__ import annotations

import ast
from pathlib import Path

SCALED = ("psycopg", "procrastinate")


def imports_at_once(path: Path) -> set[str]:
    """What a file imports as soon as it is imported itself, as whole names."""
    found: set[str] = set()
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def needs_libraries(project: Path) -> set[str]:
    """The files of the scaled service that cannot be imported without its libraries."""
    folder = project / "desk" / "scaled"
    direct = {path.stem for path in folder.glob("*.py") if any(one.startswith(SCALED) for one in imports_at_once(path))}
    while True:
        more = {
            path.stem
            for path in folder.glob("*.py")
            if imports_at_once(path) & {f"desk.scaled.{stem}" for stem in direct}
        }
        if more <= direct:
            return {f"desk.scaled.{stem}" for stem in direct}
        direct |= more


def test_only_workers_need_the_libraries(project: Path) -> None:
    assert needs_libraries(project) == {f"desk.scaled.{name}" for name in ("app", "lifeline", "sweeping", "worker")}


def test_nothing_that_everybody_imports_needs_them(project: Path) -> None:
    needing = needs_libraries(project)
    rooms = ("monitor", "responders", "storage", "places", "desk", "sandbox")
    files = [path for room in rooms for path in (project / room).rglob("*.py") if path.parent.name != "scaled"]
    assert files
    strays = [
        f"{path.relative_to(project)} imports {one}"
        for path in files
        for one in imports_at_once(path)
        if one in needing or one.partition(".")[0] in SCALED
    ]
    assert strays == []
