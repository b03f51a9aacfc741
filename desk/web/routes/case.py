"""One case: the thread, the answer, and everything that can be done about it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import go
from desk.web.casepage import gather, mark_of, open_file, show_case
from desk.web.pages import own_page
from desk.web.visitor import Looking

router = APIRouter()


@router.get("/cases/{case_id}")
def show(visitor: Looking, case_id: int) -> Response:
    """The whole page."""
    return show_case(visitor, open_file(visitor, case_id))


@router.get("/cases/{case_id}/news")
def news(visitor: Looking, case_id: int, seen: str = "", turn: int = 0) -> Response:
    """What changed since the page was made: our replies as they are now, and a word when there is something to look at."""
    file = open_file(visitor, case_id)
    shown = gather(visitor, file)
    return own_page(visitor, "_news.html", case=shown, moved=seen != mark_of(file), wrote=turn != file.case.turn)


@router.get("/cases/{case_id}/draft")
@router.get("/cases/{case_id}/approve")
def come_back(visitor: Looking, case_id: int) -> Response:
    """Where a browser lands that reloads after a form: the case."""
    open_file(visitor, case_id)
    return go(f"/cases/{case_id}")
