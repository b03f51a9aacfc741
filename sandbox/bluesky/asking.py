"""One request to the town's Bluesky, its parameters checked as strictly as the lexicons say, and how Bluesky says no."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.keys import BLUESKY_DOMAIN
from sandbox.world import World, WorldAccount

POST = "app.bsky.feed.post"
URI = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/([A-Za-z0-9.-]+)/([A-Za-z0-9._:~-]{1,512})")
HANDLE = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)


class Problem(Exception):
    """The request is refused. `note` is what the World's log says of it."""

    def __init__(self, status: int, error: str, message: str, note: str = "") -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": error, "message": message}
        self.note = note or error
        self.headers: dict[str, str] = {}


def invalid(message: str) -> Problem:
    """400, the commonest no."""
    return Problem(400, "InvalidRequest", message)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that passed the gate. `values` are its parameters or the fields of its body; `me` is who asks, None for nobody."""

    world: World
    nsid: str
    values: Mapping[str, Any]
    me: WorldAccount | None
    kind: str  # "params" or "input", as Bluesky calls them

    def text(self, name: str, default: str | None = None) -> str:
        """A text. Raises Problem when it is missing and there is no default."""
        value = self.values.get(name, default)
        if value is None:
            raise invalid(f'Invalid {self.nsid} {self.kind}: Missing required key "{name}"')
        if not isinstance(value, str):
            raise invalid(f"Invalid {self.nsid} {self.kind}: Expected string value type (got {_kind_of(value)})")
        return value

    def number(self, name: str, low: int, high: int, default: int) -> int:
        """A whole number within bounds."""
        value = str(self.values.get(name, default))
        if not re.fullmatch(r"-?\d{1,9}", value):
            raise invalid(f"Invalid {self.nsid} {self.kind}: Expected integer value type (got string)")
        if not low <= int(value) <= high:
            side, edge = ("small", f"minimum {low}") if int(value) < low else ("big", f"maximum {high}")
            raise invalid(f"Invalid {self.nsid} {self.kind}: integer too {side} ({edge}, got {value})")
        return int(value)

    def several(self, name: str) -> list[str]:
        """A list of texts, given once or several times."""
        value = self.values.get(name, [])
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]

    def uri(self, value: str) -> str:
        """The address of something, checked."""
        if URI.fullmatch(value) is None:
            raise invalid(f"Invalid {self.nsid} {self.kind}: Invalid at-uri (got {json.dumps(value)})")
        return value

    def need_me(self) -> WorldAccount:
        """Who asks. Raises Problem 401."""
        if self.me is None:
            raise Problem(401, "AuthMissing", "Authentication Required")
        return self.me


def _kind_of(value: object) -> str:
    names = {bool: "boolean", int: "integer", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def find_account(world: World, name: str) -> WorldAccount | None:
    """The account with this id or handle; the town's people need not write .bsky.social."""
    if name.startswith("did:"):
        return world.account("bluesky", id=name)
    bare = name.lower().removesuffix(f".{BLUESKY_DOMAIN}")
    return world.account("bluesky", handle=name) or world.account("bluesky", handle=bare)
