"""How the sites are doing: what we can see, and where we are blind."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import go
from desk.web.pages import own_page
from desk.web.sourcespage import blind_windows, gather, unread
from desk.web.visitor import Acting, Looking

router = APIRouter()


@router.get("/sources")
def show(visitor: Looking) -> Response:
    """Each source: last success, last error, next look; and what came that could not be read."""
    house, now = visitor.house, visitor.now
    return own_page(
        visitor, "sources.html",
        sources=gather(house, now), windows=blind_windows(house, now), unread=unread(house),
    )  # fmt: skip


@router.post("/sources/poll")
def poll(visitor: Acting) -> Response:
    """Read every site now."""
    visitor.house.casebook.sources.poll_now(visitor.now)
    return go("/sources", "polled")
