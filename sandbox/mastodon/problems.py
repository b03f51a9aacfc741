"""Mastodon's ways of saying no."""

from __future__ import annotations

from dataclasses import dataclass, field

RECORD = "Record not found"
NO_PARENT = "The post you are trying to reply to does not appear to exist."
SCOPES = "This action is outside the authorized scopes"


@dataclass
class Problem(Exception):
    """A request that is refused. `note` is for the world's log only."""

    status: int
    says: str
    note: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def not_found(says: str = RECORD) -> Problem:
    """404."""
    return Problem(404, says, "not found")


def invalid(why: str, note: str) -> Problem:
    """422."""
    return Problem(422, f"Validation failed: {why}", note)


def unauthorized(says: str) -> Problem:
    """401, as Doorkeeper says it."""
    header = f'Bearer realm="Doorkeeper", error="invalid_token", error_description="{says}"'
    return Problem(401, says, says.lower(), {"www-authenticate": header})


def out_of_scope() -> Problem:
    """403, as Doorkeeper says it."""
    header = f'Bearer realm="Doorkeeper", error="insufficient_scope", error_description="{SCOPES}"'
    return Problem(403, SCOPES, "out of scope", {"www-authenticate": header})
