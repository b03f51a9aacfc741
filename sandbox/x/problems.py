"""How X says no: problem JSON, in the wording of recorded answers where one is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

INVALID_REQUEST = "https://api.twitter.com/2/problems/invalid-request"
NOT_FOUND = "https://api.twitter.com/2/problems/resource-not-found"
CREDITS = "https://api.x.com/2/problems/credits"
USAGE_CAPPED = "https://api.twitter.com/2/problems/usage-capped"
UNSUPPORTED_AUTH = "https://api.twitter.com/2/problems/unsupported-authentication"

NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post "
    "you are replying to."
)
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
TARGET_GONE = "You attempted to reply to a Tweet that is deleted or not visible to you."


class Problem(Exception):
    """The request is refused. `note` is what the World's log says of it."""

    def __init__(self, status: int, body: Mapping[str, Any], note: str) -> None:
        super().__init__(note)
        self.status, self.body, self.note = status, body, note
        self.headers: dict[str, str] = {}


def plain(status: int, title: str, detail: str, note: str, kind: str = "about:blank") -> Problem:
    """A problem without a list of errors."""
    return Problem(status, {"title": title, "detail": detail, "type": kind, "status": status}, note)


def forbidden(detail: str, note: str) -> Problem:
    """403, in the shape recorded for POST /2/tweets."""
    return Problem(403, {"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403}, note)


def unauthorized(note: str) -> Problem:
    """401; X does not say why, the note does."""
    return Problem(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}, note)


def invalid(parameter: str, value: str | None, message: str) -> Problem:
    """400: a parameter that X does not take."""
    body = {
        "errors": [{"parameters": {parameter: [value] if value is not None else []}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": INVALID_REQUEST,
    }
    return Problem(400, body, f"invalid {parameter}")


def missing(native_id: str, parameter: str) -> dict[str, str]:
    """What stands in `errors` for a post that is not there."""
    return {
        "value": native_id,
        "detail": f"Could not find tweet with {parameter}: [{native_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": native_id,
        "type": NOT_FOUND,
    }


def to_json(body: Mapping[str, Any]) -> bytes:
    """JSON as X writes it: no spaces, and lone surrogates as escapes."""
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":")).encode("ascii")
