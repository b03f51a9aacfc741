"""Made good: what went wrong, what we did about it, and what keeps it from happening again."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import Turn, Words, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/resolve")
def resolve(
    visitor: Acting, case_id: int, cause: Words = "", remedy: Words = "", prevention: Words = "", seen: Turn = None
) -> Response:
    """Close the case with what was learned."""
    cases, kept = visitor.house.casebook.cases, "\n\n".join(part for part in (cause, remedy, prevention) if part)
    return on_case(
        visitor,
        case_id,
        lambda: cases.resolve(case_id, cause, remedy, prevention, visitor.by, visitor.now, seen),
        "resolved",
        kept=kept,
    )
