"""A note for the people who work here."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import Words, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/note")
def note(visitor: Acting, case_id: int, text: Words = "") -> Response:
    """Keep it in the case's history."""
    cases = visitor.house.casebook.cases
    return on_case(visitor, case_id, lambda: cases.note(case_id, text, visitor.by, visitor.now), "noted", kept=text)
