"""Opening a case again."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import Words, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/reopen")
def reopen(visitor: Acting, case_id: int, why: Words = "") -> Response:
    """It needs an answer after all."""
    cases = visitor.house.casebook.cases
    return on_case(visitor, case_id, lambda: cases.reopen(case_id, why, visitor.by, visitor.now), "reopened", kept=why)
