"""Taking a posted reply down again, with the same undo as posting has."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import Words, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/take-down")
def take_down(visitor: Acting, case_id: int, reply: Annotated[int, Form()], why: Words = "") -> Response:
    """It is taken down when the time to undo is over; why is kept."""
    removals, hold = visitor.house.casebook.removals, visitor.house.settings.posting.hold
    return on_case(
        visitor, case_id, lambda: removals.approve(reply, why, visitor.by, visitor.now, hold=hold), "removing", kept=why
    )


@router.post("/cases/{case_id}/leave-up")
def leave_up(visitor: Acting, case_id: int, reply: Annotated[int, Form()]) -> Response:
    """It stays up after all."""
    removals = visitor.house.casebook.removals
    return on_case(visitor, case_id, lambda: removals.undo(reply, visitor.by, visitor.now), "stays_up")
