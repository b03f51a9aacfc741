"""The owner's words: how long, how urgent, in which state, and what was just done."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storage.words import CaseState, Kind, Origin, ReplyState, Topic

URGENCY = {1: "Can wait", 2: "Soon", 3: "Today", 4: "Now"}

TOPICS = {
    Topic.DELIVERY: "Delivery",
    Topic.PRODUCT: "Product",
    Topic.BILLING: "Billing",
    Topic.SERVICE: "Service",
    Topic.WAITING: "Waiting time",
    Topic.WEBSITE: "Website",
    Topic.HYGIENE: "Hygiene",
    Topic.SAFETY: "Safety",
    Topic.REFUND: "Refund",
    Topic.COMMUNICATION: "Communication",
    Topic.OTHER: "",
}

CASES = {
    CaseState.OPEN: "Waiting for you",
    CaseState.ANSWERED: "Answered",
    CaseState.OFFLINE: "In private",
    CaseState.RESOLVED: "Made good",
    CaseState.DISMISSED: "Put aside",
}

REPLIES = {
    ReplyState.APPROVED: "Approved",
    ReplyState.SENDING: "On its way",
    ReplyState.POSTED: "Posted",
    ReplyState.UNCERTAIN: "We don't know whether it went out",
    ReplyState.REFUSED: "Refused by the site",
    ReplyState.BY_HAND: "You post it",
    ReplyState.WITHDRAWN: "Taken back",
    ReplyState.REMOVED: "Taken down",
}

ORIGINS = {Origin.HERE: "", Origin.BY_HAND: "posted by hand", Origin.OUTSIDE: "written on the site itself"}

LANGUAGES = {
    "en": "English",
    "ru": "Russian",
    "ro": "Romanian",
    "te": "Telugu",
    "es": "Spanish",
    "de": "German",
    "fr": "French",
    "pt": "Portuguese",
    "it": "Italian",
    "pl": "Polish",
    "uk": "Ukrainian",
    "tr": "Turkish",
    "hi": "Hindi",
    "und": "",
}

DISMISSALS = {
    "no_complaint": "It is no complaint",
    "praise": "It is praise",
    "question": "It is a question",
    "not_us": "It is not about us",
    "spam": "It is spam",
    "solved": "It was put right already",
    "answered": "It was answered elsewhere",
    "other": "Something else",
}

KINDS = {
    Kind.COMPLAINT: "a complaint",
    Kind.PRAISE: "praise",
    Kind.QUESTION: "a question",
    Kind.CHATTER: "talk that asks for nothing",
    Kind.NEWS: "news",
    Kind.SPAM: "spam",
    Kind.NOT_US: "something that is not about you",
}

DONE = {
    "approved": "Approved. It goes out when the time to undo is over.",
    "waits": "Approved. Posting is paused, so it waits until you resume.",
    "by_hand": "Yours to post now: copy it, open the site, and tell us when it is up.",
    "posted": "Noted: it is posted.",
    "undone": "Undone. Nothing went out.",
    "withdrawn": "Taken back. Nothing was posted.",
    "answered": "Noted: somebody already answered this.",
    "dismissed": "Put aside.",
    "reopened": "Open again.",
    "snoozed": "Out of sight until then.",
    "woken": "Back in the list.",
    "offline": "Noted: it goes on in private.",
    "resolved": "Made good. Well done.",
    "noted": "Note kept.",
    "removing": "It is being taken down.",
    "stays_up": "It stays up.",
    "correcting": "Here is your correction. Nothing goes out until you press the button.",
    "read": "Noted.",
    "there": "Noted: it is up.",
    "not_there": "Noted: it did not go out. It is yours to decide again.",
    "no_contact": "This person will not be written to again.",
    "resumed": "Posting goes on.",
    "old_yes": "Good. One older complaint a day will come to your list.",
    "old_no": "All right. Older complaints stay where they are.",
    "pasted": "Here it is, with an answer to start from.",
    "known": "This one was here already.",
    "password": "Your password is changed. Other sign-ins have ended.",
    "proposed": "A new answer to start from.",
    "polled": "The sites are being read now.",
    "missed": "Raised, with an answer to start from. Amends learns from it.",
    "in_inbox": "Noted: it waits in your inbox now. Amends learns from it.",
    "told": "Noted. Amends learns from it.",
    "asked": "Noted. It counts for whatever comes from now on.",
    "as_shipped": "As shipped again. What was learned is kept, and one press brings it back.",
    "back": "Done. That version counts again.",
}
"""Sentences after an act, by the code in the address. An unknown code says nothing."""


def how_long(length: timedelta) -> str:
    """A length of time in one unit: "under a minute", "5 min", "3 h", "2 days"."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return "under a minute"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def ago(at: datetime, now: datetime) -> str:
    """How long ago: "just now", "5 min ago", or "in 5 min" for what is still to come."""
    if at > now + timedelta(seconds=5):
        return f"in {how_long(at - now)}"
    return "just now" if now - at < timedelta(minutes=1) else f"{how_long(now - at)} ago"


def local(at: datetime, zone: str) -> datetime:
    """The instant on a brand's own clock; UTC when nobody knows the zone."""
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return at


def clock(at: datetime, zone: str) -> str:
    """The instant as people write it: "Sun 22 Nov 2026, 14:05"."""
    return local(at, zone).strftime("%a %-d %b %Y, %H:%M")


def rate(per_day: float | None) -> str:
    """How many are raised: "About 5 a day", "About 4 a week"."""
    if per_day is None:
        return "As many as there are"
    if per_day >= BY_THE_DAY:
        return f"About {round(per_day):,} a day"
    return f"About {max(round(per_day * 7), 1)} a week"


BY_THE_DAY = 2.0
"""From so many a day on we count by the day, else by the week."""


def price(cost: Decimal) -> str:
    """A price in US dollars: "$0.01"; empty when it costs nothing."""
    if not cost:
        return ""
    return f"${cost:.2f}" if cost >= Decimal("0.01") else f"${cost.normalize():f}"


def begin(words: str) -> str:
    """Words that stand first in a line: "the site" becomes "The site"; names are left as they are."""
    return f"The {words[4:]}" if words.startswith("the ") else words


def count(number: int, one: str, many: str) -> str:
    """ "1 case", "2 cases"."""
    return f"{number:,} {one if number == 1 else many}"
