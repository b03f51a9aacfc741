"""It goes on in private: by message, by phone, across the counter."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import Turn, Words, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/offline")
def offline(visitor: Acting, case_id: int, note: Words = "", seen: Turn = None) -> Response:
    """With a note on how."""
    cases = visitor.house.casebook.cases
    return on_case(
        visitor, case_id, lambda: cases.offline(case_id, note, visitor.by, visitor.now, seen), "offline", kept=note
    )
