"""A proposal at once, for a case whose turn has none yet."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/propose")
def propose(visitor: Acting, case_id: int) -> Response:
    """Write it now instead of at the next tick."""
    return on_case(visitor, case_id, lambda: visitor.house.propose_now(case_id), "proposed")
