"""Snoozing: out of sight for a while, or until the customer moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import Turn, on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/snooze")
def snooze(visitor: Acting, case_id: int, hours: Annotated[int, Form(ge=0, le=24 * 60)], seen: Turn = None) -> Response:
    """For so many hours; none wakes it."""
    cases, until = visitor.house.casebook.cases, visitor.now + timedelta(hours=hours) if hours else None
    did = "snoozed" if hours else "woken"
    return on_case(visitor, case_id, lambda: cases.snooze(case_id, until, visitor.by, visitor.now, seen), did)
