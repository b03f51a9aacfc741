"""Signing out: the session dies here, wherever its cookie was copied to."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from desk.web.pages import page
from desk.web.visitor import Pressing, cookie_name, forget

router = APIRouter()


@router.post("/sign-out")
def leave(visitor: Pressing) -> Response:
    """End this session."""
    visitor.house.casebook.people.close_session(visitor.session)
    answer = RedirectResponse("/signed-out", 303)
    forget(answer, visitor.request, cookie_name(visitor.request))
    return answer


@router.get("/signed-out")
def show(request: Request) -> Response:
    """A goodbye, and the way back in."""
    return page(request, "signed_out.html")
