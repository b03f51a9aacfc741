"""We don't know whether a reply went out; a person looked and says."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import on_case
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/is-it-there")
def say(
    visitor: Acting, case_id: int, reply: Annotated[int, Form()], there: Annotated[Literal["yes", "no"], Form()]
) -> Response:
    """Yes: it is up. No: it did not go out."""
    replies, yes = visitor.house.casebook.replies, there == "yes"
    did = "there" if yes else "not_there"
    return on_case(visitor, case_id, lambda: replies.person_says(reply, yes, visitor.by, visitor.now), did)
