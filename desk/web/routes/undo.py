"""Undo: a reply that is still held is taken back; so is one that was to be posted by hand, or that the site refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import Back, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/undo")
def undo(visitor: Acting, case_id: int, reply: Annotated[int, Form()], back: Back = "") -> Response:
    """Nothing goes out."""
    replies = visitor.house.casebook.replies
    return on_case(visitor, case_id, lambda: replies.withdraw(reply, visitor.by, visitor.now), "undone", back=back)
