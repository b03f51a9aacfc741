"""Making pages: one Jinja environment, escaping always on, strangers' hidden characters never sent on as they are."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from desk.durations import write_duration
from desk.web import says
from desk.web.showing import reveal, reveal_name, safe_link
from desk.web.visitor import Visitor, house_of, now_of
from storage.words import CaseState, Origin, ReachHow, ReplyState

HERE = Path(__file__).parent
STATIC = HERE / "static"


def _finish(value: Any) -> Any:
    """Whatever a template forgot to reveal: a lone surrogate would break the page, a NUL has no place in one."""
    if isinstance(value, str) and any(map(_breaks, value)):
        # Of the same type: what is escaped already must not be escaped again.
        return type(value)("".join("\N{REPLACEMENT CHARACTER}" if _breaks(char) else char for char in value))
    return value


def _breaks(char: str) -> bool:
    return char not in "\n\t\r" and unicodedata.category(char) in ("Cs", "Cc")


@cache
def static(name: str) -> str:
    """The address of a file of ours, which changes with what is in it, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finish,
    )
    made.filters.update(
        reveal=reveal,
        name=reveal_name,
        link=safe_link,
        how_long=says.how_long,
        clock=says.clock,
        price=says.price,
        duration=write_duration,
    )
    made.globals.update(
        static=static,
        says=says,
        count=says.count,
        CaseState=CaseState,
        ReplyState=ReplyState,
        ReachHow=ReachHow,
        Origin=Origin,
    )
    return made


ENVIRONMENT = _environment()


def error_page(status: int, title: str, told: str, kept: tuple[tuple[str, str], ...] = ()) -> str:
    """A page that needs nobody to be signed in, and no database. `kept`: what somebody wrote, each with its label."""
    return ENVIRONMENT.get_template("error.html").render(status=status, title=title, told=told, kept=kept)


def page(request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page for nobody in particular."""
    body = ENVIRONMENT.get_template(template).render(
        visitor=None, demo=house_of(request).settings.demo, town=safe_link(house_of(request).settings.town_url), **shown
    )
    return HTMLResponse(body, status)


def own_page(visitor: Visitor, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page for a signed-in visitor, with what stands around every page: what is paused, what is amiss, the town's banner, what was just done."""
    house = visitor.house
    body = ENVIRONMENT.get_template(template).render(
        visitor=visitor,
        now=now_of(visitor.request),
        demo=house.settings.demo,
        town=safe_link(house.settings.town_url),
        brands=house.brands,
        troubles=house.troubles(),
        paused=house.casebook.pauses.scopes(),
        did=says.DONE.get(visitor.request.query_params.get("did", ""), ""),
        here=visitor.request.url.path,
        **shown,
    )
    return HTMLResponse(body, status)
