"""What Reddit's noes mean for us. Decided by status and code alone: Reddit writes its sentences in the account's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from places.doors import NeedsPerson, Refused, Unavailable

LOG_IN = "Reddit no longer accepts our keys. Please put in the account's name and password (or refresh token) anew."
APP_KEYS = "Reddit doesn't know this app. Please check client_id and client_secret."
BLOCKED = "Reddit blocks our requests. Check that the app is still approved and that the user_agent says who you are."
SCOPE = "Reddit lets this app do less than we need. Please connect it again and grant every permission asked for."
SILENT = "Reddit didn't answer."
NO_ANSWER = "Reddit answered with something that is no answer."
WAIT_UNKNOWN = timedelta(minutes=10)
"""How long to wait when Reddit says "too much" and not for how long; its own waits are up to about ten minutes."""

GONE_FOR_GOOD = {
    "DELETED_COMMENT": "The comment was deleted, so Reddit takes no answer to it.",
    "DELETED_LINK": "The post was deleted, so Reddit takes no answer to it.",
    "THREAD_LOCKED": "The moderators locked this thread; nobody can answer there.",
    "TOO_OLD": "Reddit archived this thread: it's too old to be answered.",
    "TOO_LONG": "The text is longer than Reddit takes. Please shorten it.",
    "NO_TEXT": "Reddit takes no empty text.",
    "NO_THING_ID": "Reddit doesn't know the post we wanted to answer.",
    "TOO_MANY_COMMENTS": "Reddit takes no further answers from us in this thread.",
    "NOT_WHITELISTED_BY_USER_MESSAGE": "This person takes no private messages from us.",
    "USER_DOESNT_EXIST": "This person's account is gone.",
    "INVALID_USER": "This person's account is gone.",
    "NO_USER": "This person's account is gone.",
    "USER_BLOCKED": "This person has blocked our account.",
    "USER_BLOCKED_MESSAGE": "This person has blocked our account.",
    "SUBREDDIT_NOTALLOWED": "Only accounts approved by its moderators may write in this subreddit.",
}
"""Codes after which nothing is up, and nobody could put it up by hand either."""

LOGGED_OUT = {"USER_REQUIRED", "LOGIN_REQUIRED", "WRONG_PASSWORD", "INVALID_TOKEN"}


def field_error(code: str, says: str, seconds: Any, now: datetime) -> Refused | Unavailable:
    """What one of Reddit's named errors means. `seconds` is the number that comes along with RATELIMIT, when it does."""
    if code == "RATELIMIT":
        wait = _seconds(seconds) or _spoken(says) or WAIT_UNKNOWN
        minutes = max(1, -(-wait // timedelta(minutes=1)))
        return Unavailable(f"Reddit asks this account to wait {minutes} min before its next comment.", now + wait)
    if code in LOGGED_OUT:
        return NeedsPerson(LOG_IN)
    if code in GONE_FOR_GOOD:
        return Refused(GONE_FOR_GOOD[code])
    sentence = " ".join(says.split())[:200]
    return Refused(f"Reddit said no: {sentence or 'without a reason'} ({code[:60]})", by_hand=True)


def first_error(said: Any) -> tuple[str, str, Any] | None:
    """The first named error in an answer, as (code, sentence, seconds to wait); None when there is none.

    Errors come as {"json": {"errors": [[code, sentence, field]], "ratelimit": 420.0}} with status 200, or, with 400, as
    {"reason": code, "explanation": sentence, "fields": […]}.
    """
    if not isinstance(said, dict):
        return None
    if isinstance(said.get("reason"), str) and said["reason"]:
        return said["reason"], str(said.get("explanation") or ""), None
    inner = said.get("json")
    errors = inner.get("errors") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(errors, Sequence) or isinstance(errors, str) or not errors:
        return None
    first = errors[0] if isinstance(errors[0], list) and errors[0] else [str(errors[0])]
    return str(first[0]), str(first[1] or "") if len(first) > 1 else "", inner.get("ratelimit")


def names_what_it_made(said: Any) -> bool:
    """Whether an answer shows something that was created; whatever else it says then, it is there."""
    inner = said.get("json") if isinstance(said, dict) else None
    data = inner.get("data") if isinstance(inner, dict) else None
    things = data.get("things") if isinstance(data, dict) else None
    return isinstance(things, list) and bool(things)


def _seconds(number: Any) -> timedelta | None:
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < 86_400:
        return None
    return timedelta(seconds=float(number) + 1)


def _spoken(says: str) -> timedelta | None:
    """The wait in the sentence itself: "Take a break for 7 minutes before trying again"."""
    found = re.search(r"(\d{1,4})\s*(milli|sec|sek|min|hour|std|stund)", says.lower())
    if found is None:
        return None
    unit = {"milli": 0.001, "sec": 1, "sek": 1, "min": 60, "hour": 3600, "std": 3600, "stund": 3600}[found[2]]
    return timedelta(seconds=int(found[1]) * unit + 1)
