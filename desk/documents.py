"""`python -m desk.documents`: writes the pages of docs/ that are made from the code; with `--check` it only says which are stale."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from desk.config import Settings
from desk.secret import SECRETS
from desk.toml_text import write_value
from storage.lifecycle import CASE_MOVES, LIVE_CASES, OUTBOX, REPLY_BIRTHS, REPLY_MOVES, SPENT_REPLIES
from storage.words import CaseState, ReplyState

FOLDER = Path(__file__).resolve().parent.parent / "docs"
MADE = "<!-- Made by `python -m desk.documents`; change the code it is made from, not this page. -->\n"

CASE_SAYS = {
    CaseState.OPEN: "the customer waits for us",
    CaseState.ANSWERED: "we answered in public; it is the customer's turn",
    CaseState.OFFLINE: "it goes on in private",
    CaseState.RESOLVED: "made good: cause, remedy and prevention are written down",
    CaseState.DISMISSED: "it needs no answer, for a reason that is written down",
}
REPLY_SAYS = {
    ReplyState.APPROVED: "a person said yes; it is held for undo, then due",
    ReplyState.SENDING: "claimed, its text frozen; the request may be under way",
    ReplyState.POSTED: "it is up",
    ReplyState.UNCERTAIN: "we don't know whether it went out; we look before we do anything else",
    ReplyState.REFUSED: "the site said no; nothing was posted",
    ReplyState.BY_HAND: "a person is to post it on the site's own page",
    ReplyState.WITHDRAWN: "taken back before anything went out",
    ReplyState.REMOVED: "it was up and was taken down again",
}


def states_page() -> str:
    """The two life cycles, as tables and diagrams."""
    parts = [
        "# The life of a case and of a reply\n",
        MADE,
        "## A case\n",
        *_cycle("case", CASE_SAYS, CASE_MOVES, {CaseState.OPEN}),
        f"At most one case of {_listed(LIVE_CASES)} per brand, customer and conversation.\n",
        "## A reply\n",
        *_cycle("reply", REPLY_SAYS, REPLY_MOVES, set(REPLY_BIRTHS)),
        "A reply is born approved, by hand, or already posted when it was seen outside. There is no road from posted back to sending.\n",
        f"Not yet settled, and so in the outbox: {_listed(OUTBOX)}.\n",
        f"Leaving room for another reply under the same post: {_listed(SPENT_REPLIES)}.\n",
    ]
    return "\n".join(parts)


def _cycle(noun: str, says: Mapping[Any, str], moves: Mapping[Any, frozenset[Any]], births: set[Any]) -> Iterator[str]:
    yield "| state | means | may become |\n| --- | --- | --- |"
    for state in moves:
        yield f"| **{state}** | {says[state]} | {_listed(moves[state]) or 'nothing: it ends here'} |"
    yield "\n```mermaid\nstateDiagram-v2"
    for state in moves:
        if state in births:
            yield f"    [*] --> {state}"
        for after in sorted(moves[state]):
            yield f"    {state} --> {after}"
        if not moves[state]:
            yield f"    {state} --> [*]"
    yield "```\n"
    yield f"Every move of a {noun} is one guarded UPDATE and one row of history, in one transaction.\n"


def _listed(states: frozenset[Any]) -> str:
    return ", ".join(sorted(str(state) for state in states))


def config_page() -> str:
    """Every setting with its default and explanation, and every secret."""
    parts = [
        "# Settings\n",
        MADE,
        (
            "One TOML file, `config.toml` unless `--config` says otherwise. `amends init` writes a first one; `config.example.toml` shows "
            'every key in place. Durations are written "60 s", "15 min", "2 h" or "7 days". A key that is not known is refused, with the '
            "nearest one that is. A single value can be set in the environment, where it wins: `AMENDS_SERVICE__PORT=8500`.\n"
        ),
    ]
    for name, field in Settings.model_fields.items():
        parts += _section(f"[[{name}]]" if _is_list(field) else f"[{name}]", name, _inner(field))
    parts += [
        "## Secrets\n",
        (
            "Secrets come from the environment, never from the file: the variable itself, or a file's name in the same variable with `_FILE`. "
            "A brand may have its own, with its key in between: `AMENDS_ROSEBAKERY_X_BEARER_TOKEN`.\n"
        ),
        "| variable | what it is |\n| --- | --- |",
        *(f"| `AMENDS_{name}` | {_cell(says)} |" for name, says in SECRETS.items()),
        "",
    ]
    return "\n".join(parts)


def _section(header: str, path: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## `{header}`\n"
    yield f"{(model.__doc__ or '').strip()}\n"
    yield "| key | default | what it does |\n| --- | --- | --- |"
    inner: list[tuple[str, str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        found = _inner(field)
        if found is not BaseModel:
            whole = f"{path}.{name}"
            inner.append((f"[[{whole}]]" if _is_list(field) else f"[{whole}]", whole, found))
        else:
            yield f"| `{name}` | {_default(field)} | {_cell(field.description or '')} |"
    yield ""
    for one in inner:
        yield from _section(*one)


def _inner(field: FieldInfo) -> type[BaseModel]:
    """The section that a field holds; BaseModel itself when it holds a plain value."""
    return next(_models(field.annotation), BaseModel)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value: bool | float | str | time | timedelta | tuple[object, ...] | dict[str, str] = field.default
    return f"`{write_value(value)}`" if value != {} else "`{}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def commands_page() -> str:
    """Every command with its options."""
    from desk.cli import app

    parts = ["# Commands\n", MADE, "Every command answers `--help`. A failure is one line on standard error.\n"]
    parts += ["| exit code | means |\n| --- | --- |"]
    parts += [f"| {code} | {says} |" for code, says in EXIT_CODES.items()]
    parts.append("")
    for name, command in _commands("amends", get_command(app)):
        parts += _command(name, command)
    return "\n".join(parts)


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that can be typed, in the order of `--help`; typer publishes no types for what it builds."""
    inner: dict[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield name, command
    for one in inner.values():
        yield from _commands(f"{name} {one.name}", one)


EXIT_CODES = {
    0: "done",
    1: "done, and the answer is no: a finding that must be changed, a site that could not be read, a file without a good row",
    2: "not done: what was typed, the config file, the database or a taken port needs a person",
    70: "a mistake in Amends itself",
    130: "ended by Ctrl-C",
}


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## `{name}`\n"
    yield f"{command.help.strip()}\n"
    rows = [_parameter(one) for one in command.params if one.name != "help"]
    if rows:
        yield "| option | default | what it does |\n| --- | --- | --- |"
        yield from rows
        yield ""


def _parameter(told: Any) -> str:
    if told.param_type_name == "argument":
        must = "must be given" if told.required else ""
        return f"| `{told.name.upper()}` | {must} | {_cell(told.help or '')} |"
    flags = ", ".join(f"`{flag}`" for flag in told.opts)
    default = "" if told.default in ("", None, False, 0) else f"`{told.default}`"
    return f"| {flags} | {default} | {_cell(told.help or '')} |"


PAGES: Mapping[str, Callable[[], str]] = {
    "states.md": states_page,
    "config.md": config_page,
    "commands.md": commands_page,
}


def stale_pages(folder: Path = FOLDER) -> tuple[str, ...]:
    """The pages that are not as the code would make them."""
    return tuple(
        name
        for name, make in PAGES.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != make()
    )


def write_pages(folder: Path = FOLDER) -> None:
    """Make every page anew."""
    folder.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` say which are stale; the exit code."""
    if arguments == ["--check"]:
        for name in (stale := stale_pages()):
            print(f"docs/{name} is stale: run python -m desk.documents", file=sys.stderr)
        return 1 if stale else 0
    if arguments:
        print("usage: python -m desk.documents [--check]", file=sys.stderr)
        return 2
    write_pages()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
