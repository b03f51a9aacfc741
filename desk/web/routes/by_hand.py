"""Posting by hand: "I posted it", and "I'll post it myself" for what the site refused from us."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import Back, Words, on_case
from desk.web.showing import safe_link
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/posted")
def posted(visitor: Acting, case_id: int, reply: Annotated[int, Form()], url: Words = "", back: Back = "") -> Response:
    """A person posted it on the site; its address, if given, must be a web address."""
    link = safe_link(url)

    def note() -> None:
        if url and link is None:
            raise ValueError("The address should begin with https://. You can also leave it empty.")
        visitor.house.casebook.replies.posted_by_hand(reply, link, visitor.by, visitor.now)

    return on_case(visitor, case_id, note, "posted", back=back)


@router.post("/cases/{case_id}/hand-over")
def hand_over(visitor: Acting, case_id: int, reply: Annotated[int, Form()]) -> Response:
    """The site refused it from us; a person will post it."""
    replies = visitor.house.casebook.replies
    return on_case(visitor, case_id, lambda: replies.hand_over(reply, visitor.by, visitor.now), "by_hand")
