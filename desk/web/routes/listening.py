"""How well do we listen? What people decided, in numbers; how much is raised; and what was learned, forth and back."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import go
from desk.web.charts import SVG, draw_weeks
from desk.web.listeningpage import choose, gather, read_heard, whole_weeks
from desk.web.pages import own_page
from desk.web.visitor import Acting, Looking, NotFound, Visitor
from monitor.filter.learned import AS_SHIPPED
from monitor.learning.account import take_account
from storage.lifecycle import MovedOn
from storage.words import Brand

router = APIRouter()

MOST_A_DAY = 1000
Key = Annotated[str, Form(max_length=64)]


@router.get("/listening")
def show(visitor: Looking, brand: str = "") -> Response:
    """The whole page, for one brand."""
    return own_page(visitor, "listening.html", page=gather(visitor, choose(visitor.house, brand)))


@router.get("/charts/listening/{brand}.svg")
def plot(visitor: Looking, brand: str, wide: str = "") -> Response:
    """What was raised week by week, as a picture."""
    chosen = _named(visitor, brand)
    heard = read_heard(visitor.house, chosen.key, visitor.now)
    account = take_account(heard, AS_SHIPPED, 1.0, visitor.now)  # of which only what was counted is drawn
    drawn = draw_weeks(whole_weeks(account.weeks, heard), chosen.time_zone, wide=wide == "yes")
    return Response(drawn, media_type=SVG)


@router.post("/listening/ask")
def ask(visitor: Acting, brand: Key = "", per_day: Annotated[str, Form(max_length=20)] = "") -> Response:
    """How many complaints a day the owner wants to see; "all": as many as there are."""
    chosen = _named(visitor, brand)
    try:
        wanted = None if per_day == "all" else _number(per_day)
    except ValueError as wrong:
        return own_page(visitor, "trouble.html", 422, told=str(wrong), back=_page(chosen), kept="")
    visitor.house.casebook.hearings.ask_per_day(chosen.key, wanted, visitor.by, visitor.now)
    return go(_page(chosen), "asked")


@router.post("/listening/reset")
def reset(visitor: Acting, brand: Key = "") -> Response:
    """Listen as shipped again."""
    chosen = _named(visitor, brand)
    visitor.house.casebook.hearings.reset(chosen.key, visitor.by, visitor.now)
    return go(_page(chosen), "as_shipped")


@router.post("/listening/back")
def back(visitor: Acting, brand: Key = "", version: Annotated[int, Form(ge=1, le=2**31 - 1)] = 1) -> Response:
    """Listen as in an earlier version again."""
    chosen = _named(visitor, brand)
    try:
        visitor.house.casebook.hearings.go_back(chosen.key, version, visitor.by, visitor.now)
    except MovedOn as moved:
        return own_page(visitor, "trouble.html", 409, told=moved.why, back=_page(chosen), kept="")
    return go(_page(chosen), "back")


def _number(typed: str) -> float:
    number = float(typed) if typed.replace(".", "", 1).isdecimal() else math.nan
    if not 0 < number <= MOST_A_DAY:
        raise ValueError("Please choose how many a day you want to see.")
    return number


def _named(visitor: Visitor, key: str) -> Brand:
    if key not in visitor.house.brands:
        raise NotFound
    return visitor.house.brands[key]


def _page(brand: Brand) -> str:
    return f"/listening?brand={brand.key}"
