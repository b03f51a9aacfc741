"""Writes TOML: just what settings need, because Python can read TOML and not write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time, timedelta

from pydantic import BaseModel

from desk.durations import write_duration

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def quote(text: str) -> str:
    """A TOML basic string on one line."""
    return (
        '"'
        + "".join(
            _ESCAPES.get(char, char if char >= " " and char != "\x7f" else f"\\u{ord(char):04X}") for char in text
        )
        + '"'
    )


def write_value(value: object) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, timedelta):
        return quote(write_duration(value))
    if isinstance(value, time):
        return quote(f"{value:%H:%M}")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{quote(str(key))} = {write_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(write_value(inner) for inner in value) + "]"
    return quote(str(value))


def write_section(name: str, model: BaseModel) -> str:
    """A section with what differs from the defaults, and the sections within it."""
    own: list[str] = []
    inner: list[str] = []
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if not field.is_required() and value == field.default:
            continue
        if isinstance(value, BaseModel):
            inner.append(write_section(f"{name}.{key}", value))
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            inner += [write_sections(f"{name}.{key}", value)]
        else:
            own.append(f"{key} = {write_value(value)}\n")
    return f"[{name}]\n" + "".join(own) + "".join(f"\n{section}" for section in inner)


def write_sections(name: str, models: Sequence[BaseModel]) -> str:
    """One `[[name]]` for each."""
    return "\n".join(write_section(name, model).replace(f"[{name}]", f"[[{name}]]", 1) for model in models)


def write_settings(settings: BaseModel) -> str:
    """A whole file that reads back to the same settings."""
    parts: list[str] = []
    for key, field in type(settings).model_fields.items():
        value = getattr(settings, key)
        if value == field.default:
            continue
        parts.append(write_sections(key, value) if isinstance(value, tuple) else write_section(key, value))
    return "\n".join(parts)
