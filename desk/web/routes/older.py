"""Complaints from before we listened: one a day, or not at all."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import go
from desk.web.visitor import Acting, NotFound

router = APIRouter()


@router.post("/older")
def answer(
    visitor: Acting, brand: Annotated[str, Form(max_length=64)], yes: Annotated[Literal["yes", "no"], Form()]
) -> Response:
    """The owner's yes or no."""
    if brand not in visitor.house.brands:
        raise NotFound
    visitor.house.casebook.brands.answer_old_one_a_day(brand, yes == "yes", visitor.by, visitor.now)
    return go("/", "old_yes" if yes == "yes" else "old_no")
