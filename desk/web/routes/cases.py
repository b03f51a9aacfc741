"""All cases by state, newest change first: where one finds what has left the inbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from desk.web.inboxpage import PAGE, show_rows
from desk.web.pages import own_page
from desk.web.visitor import Looking, NotFound
from storage.words import CaseState

router = APIRouter()


@router.get("/cases")
def show(
    visitor: Looking, state: str = "answered", brand: str = "", after: Annotated[int, Query(ge=0, le=10_000_000)] = 0
) -> Response:
    """One state at a time."""
    if state not in {one.value for one in CaseState} or (brand and brand not in visitor.house.brands):
        raise NotFound
    reading, now = visitor.house.reading, visitor.now
    found = reading.in_state((CaseState(state),), now, brand or None, PAGE, after)
    return own_page(
        visitor,
        "cases.html",
        state=CaseState(state),
        brand=brand,
        rows=show_rows(visitor, found.rows),
        total=found.total,
        after=after,
        size=PAGE,
        counts=reading.counts(now, brand or None).cases,
    )
