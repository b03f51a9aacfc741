"""The inbox: who needs an answer, worst first, and what needs a person besides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from desk.web.inboxpage import gather
from desk.web.pages import own_page
from desk.web.visitor import Looking

router = APIRouter()

After = Annotated[int, Query(ge=0, le=10_000_000)]


@router.get("/")
def show(visitor: Looking, brand: str = "", after: After = 0) -> Response:
    """The whole page."""
    return own_page(visitor, "inbox.html", inbox=gather(visitor, brand, after))


@router.get("/list")
def show_list(visitor: Looking, brand: str = "", after: After = 0) -> Response:
    """The lists alone, for a page that is open already."""
    return own_page(visitor, "_list.html", inbox=gather(visitor, brand, after))
