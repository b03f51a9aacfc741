"""Our replies as the case page shows them: who approved, what is left to undo, where a person posts it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from desk.web.editing import place_of
from desk.web.house import House
from desk.web.showing import safe_link
from storage.views import CaseFile, ReplyView
from storage.words import Reply, ReplyState


@dataclass(frozen=True, slots=True)
class ShownReply:
    """A reply of ours. `link` opens the site's own composer, or the post it answers."""

    one: ReplyView
    link: str | None
    seconds_left: int
    who: str


def name_of(by: str | None, names: dict[int, str]) -> str:
    """Who did it, in a word."""
    kind, _, number = (by or "").partition(":")
    if kind == "person":
        return names.get(int(number), "somebody") if number.isdigit() else "somebody"
    return {"machine": "Amends", "customer": "the customer", "command": "a command", "outside": "the site"}.get(
        kind, kind or "somebody"
    )


def show_reply(house: House, file: CaseFile, one: ReplyView, now: datetime, names: dict[int, str]) -> ShownReply:
    """The reply as the page shows it, `now`."""
    left = (one.due_at - now).total_seconds() if one.due_at else 0.0
    return ShownReply(one, open_link(house, file, one), max(int(left), 0), name_of(one.approved_by, names))


def open_link(house: House, file: CaseFile, one: ReplyView) -> str | None:
    """Where a person posts this reply: the site's own composer, else the post it answers."""
    if one.state is not ReplyState.BY_HAND:
        return None
    parent = file.last.post
    reply = Reply(
        id=one.id,
        brand=file.case.brand,
        case_id=file.case.id,
        place=one.place,
        account=one.account,
        key="",
        parent_id=parent.reply_to,
        conversation_id=parent.conversation_id,
        customer_handle=file.customer.handle,
        audience=one.audience,
        purpose=one.purpose,
        text=one.text,
        sent_at=one.approved_at or file.case.changed_at,
        parent_url=parent.url,
    )
    return safe_link(place_of(house, one.place).compose_link(reply)) or safe_link(parent.url)
