"""The pause switch: nothing goes out until somebody resumes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import Back, go
from desk.web.visitor import Acting, NotFound

router = APIRouter()

Scope = Annotated[str, Form(max_length=64)]


@router.post("/pause")
def pause(visitor: Acting, scope: Scope = "*", back: Back = "/") -> Response:
    """Stop posting for one brand, or for all with "*"."""
    check_scope(visitor, scope)
    visitor.house.casebook.pauses.pause(scope, visitor.by, visitor.now)
    return go(back)  # the banner on every page says it


@router.post("/resume")
def resume(visitor: Acting, scope: Scope = "*", back: Back = "/") -> Response:
    """Post again."""
    check_scope(visitor, scope)
    visitor.house.casebook.pauses.resume(scope, visitor.by, visitor.now)
    return go(back, "resumed")


def check_scope(visitor: Acting, scope: str) -> None:
    """Raise NotFound for a brand that we do not know."""
    if scope != "*" and scope not in visitor.house.brands:
        raise NotFound
