"""Putting a case aside, with the reason: the filter learns from it, and so do we."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import Back, Words, on_case
from desk.web.says import DISMISSALS
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/dismiss")
def dismiss(
    visitor: Acting,
    case_id: int,
    seen: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=20)] = "",
    more: Words = "",
    back: Back = "",
) -> Response:
    """Put it aside, and keep what else was said as a note."""
    cases = visitor.house.casebook.cases

    def put_aside() -> None:
        if reason not in DISMISSALS:
            raise ValueError("Please choose why. It helps us raise the right things.")
        cases.dismiss(case_id, reason, visitor.by, visitor.now, seen, note=more)

    return on_case(visitor, case_id, put_aside, "dismissed", back=back, kept=more)
