"""A parked case was looked at: "I have read this"."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import Back, Words, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/read")
def read_it(visitor: Acting, case_id: int, read: Words = "", back: Back = "") -> Response:
    """Back to its place in the list. `read` is what the page showed."""
    cases = visitor.house.casebook.cases
    return on_case(visitor, case_id, lambda: cases.unpark(case_id, visitor.by, visitor.now, read), "read", back=back)
