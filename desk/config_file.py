"""Reads `config.toml` into Settings, and tells a person in one line per mistake what is wrong, where, and what to do."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from desk.checks import nearest
from desk.config import Settings
from desk.database import find_address
from desk.errors import ConfigTrouble
from desk.secret import LOOKS_SECRET, variable

NAME = "config.toml"
MOST = 8
"""More mistakes than this are a broken file, not a list to work through."""

Where = tuple[str | int, ...]

_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_\"'.\s-]+?)\s*=")

SAYS = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text in quotes",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a section of its own",
    "model_type": "must be a section of its own",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def load_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings from a file, with the environment on top. Raises Trouble."""
    text = read_text(path)
    return parse_settings(text, str(path), environ).beside(path.parent).kept_at(find_address(environ))


def read_text(path: Path) -> str:
    """The file's text. Raises ConfigTrouble when there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigTrouble(f"There is no config file {path}. Make one with: amends init") from None
    except IsADirectoryError:
        raise ConfigTrouble(f"{path} is a folder. Name the file in it: --config {path / NAME}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigTrouble(f"{path}, line {line}: not written in UTF-8. Save the file again as UTF-8.") from None
    except OSError as error:
        raise ConfigTrouble(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None


def parse_settings(text: str, name: str, environ: Mapping[str, str]) -> Settings:
    """The settings that a text says. Raises ConfigTrouble."""
    said = parse_toml(text, name)
    if not said:
        raise ConfigTrouble(f"{name} is empty. Write one with: amends init --force, or begin with config.example.toml")
    try:
        return Settings(**said)
    except ValidationError as error:
        details = _without_echoes(error.errors(include_url=False))
        problems = [_explain(detail, text, name, environ) for detail in details[:MOST]]
        if len(details) > MOST:
            problems.append(f"… and {len(details) - MOST} more.")
        raise ConfigTrouble(*dict.fromkeys(problems)) from None
    except SettingsError as error:
        raise ConfigTrouble(
            f"A variable in the environment that begins with AMENDS_ cannot be read: {error}."
        ) from None


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """A misspelt key is missing under its right name too; that goes without saying."""
    meant = {
        (tuple(one["loc"][:-1]), nearest(str(one["loc"][-1]), known_at(tuple(one["loc"][:-1]))))
        for one in details
        if one["type"] == "extra_forbidden"
    }
    return [
        one
        for one in details
        if one["type"] != "missing"
        or not any(at == tuple(one["loc"][:-1]) and f'"{one["loc"][-1]}"' in says for at, says in meant)
    ]


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """TOML as the library reads it. Raises ConfigTrouble with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _TOML_PLACE.search(str(error))
        line = where[1] if where and where[1] else str(text.rstrip().count("\n") + 1)
        says = _TOML_PLACE.sub("", str(error))
        raise ConfigTrouble(
            f"{name}, line {line}: {says}. The line is not finished, or a quote or bracket is missing."
        ) from None


def _explain(detail: ErrorDetails, text: str, name: str, environ: Mapping[str, str]) -> str:
    where: Where = tuple(detail["loc"])
    says = _says(detail, where)
    if (from_environment := _variable_of(where)) in environ:
        return _stop(f"{from_environment} in the environment: {says}")
    line = find_line(text, where)
    at = f"{name}, line {line}" if line else name
    return _stop(": ".join(filter(None, [at, _spell(where), says])))


def _stop(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _says(detail: ErrorDetails, where: Where) -> str:
    kind, message = detail["type"], detail["msg"]
    if kind == "extra_forbidden":
        return _unknown(where)
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return "only small letters, digits, - and _" if where[-1] == "key" else "only letters, digits and _"
    if kind in SAYS:
        return SAYS[kind]
    return message.removeprefix("Input ")


def _unknown(where: Where) -> str:
    key = str(where[-1])
    if LOOKS_SECRET.search(key):
        section = "_".join(
            str(part) for part in where[:-1] if isinstance(part, str) and part not in ("brand", "service")
        )
        secret = variable("_".join(filter(None, [section, key])))
        return f"this looks like a secret, and secrets do not belong in this file. Put it into the environment as {secret}, or a file's name as {secret}_FILE"
    return f"not a setting.{nearest(key, known_at(where[:-1])) or ' See config.example.toml for all of them'}"


def known_at(where: Where) -> tuple[str, ...]:
    """The names of the keys that a section may have."""
    model: type[BaseModel] = Settings
    for part in where:
        if isinstance(part, str):
            inner = _model_in(model.model_fields[part].annotation) if part in model.model_fields else None
            if inner is None:
                return ()
            model = inner
    return tuple(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _spell(where: Where) -> str:
    """`brand[1].shop[0].name` as people count: "name of shop 1 of brand 2"."""
    parts: list[str] = []
    for part in where:
        if isinstance(part, int):
            parts[-1] = f"{parts[-1]} {part + 1}"
        else:
            parts.append(part)
    return " of ".join(reversed(parts)) if parts else ""


def _variable_of(where: Where) -> str:
    return "AMENDS_" + "__".join(str(part) for part in where).upper()


def find_line(text: str, where: Where) -> int | None:
    """The line on which a key stands, or its section when the key is missing there, or None.

    A walk over headers and keys, good for ordinary files; inside a value that spans lines it may miss, and then says nothing.
    """
    best: tuple[int, int] | None = None
    at: Where = ()
    counts: dict[Where, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            at = _enter(_split(header[2]), counts, new=header[1] == "[[")
            found = at
        elif key := _KEY.match(line):
            found = at + _split(key[1])
        else:
            continue
        depth = _shared(found, where)
        if depth and depth == len(found) and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _enter(names: Sequence[str], counts: dict[Where, int], *, new: bool) -> Where:
    """Where a header leads: `[brand.x]` belongs to the newest `[[brand]]`."""
    at: Where = ()
    for index, name in enumerate(names):
        at = (*at, name)
        if new and index == len(names) - 1:
            counts[at] = counts.get(at, -1) + 1
        if at in counts:
            at = (*at, counts[at])
    return at


def _shared(found: Where, where: Where) -> int:
    """How many parts the two have in common, from the left."""
    pairs = zip(found, where, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(found), len(where)))
