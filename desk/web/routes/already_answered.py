"""Somebody answered already: on the site itself, or in person."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import Back, Turn, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/already-answered")
def already_answered(visitor: Acting, case_id: int, seen: Turn = None, back: Back = "") -> Response:
    """It is the customer's turn now."""
    cases = visitor.house.casebook.cases
    return on_case(
        visitor, case_id, lambda: cases.already_answered(case_id, visitor.by, visitor.now, seen), "answered", back=back
    )
