"""What every act on a case shares: the case must be there, who came first is told, and a person's words are never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AfterValidator

from desk.web.casepage import gather, open_file
from desk.web.pages import own_page
from desk.web.showing import clean
from desk.web.visitor import Visitor, local_path
from storage.lifecycle import MovedOn

Words = Annotated[str, Form(max_length=5000), AfterValidator(clean)]
"""What a person typed into a field."""

ReplyText = Annotated[str, Form(max_length=20_000), AfterValidator(clean)]
"""A reply's text."""

Turn = Annotated[int | None, Form()]
"""The turn of the case that the page showed: who decides in sight of an older one is told what came since."""

Back = Annotated[str, Form(max_length=2000), AfterValidator(local_path)]
"""The page of ours to go back to."""


def on_case(
    visitor: Visitor, case_id: int, act: Callable[[], object], did: str, *, back: str = "", kept: str = ""
) -> Response:
    """Do it, and show the case (or `back`) with a sentence; when the world moved on, say what came before and keep `kept`."""
    open_file(visitor, case_id)
    try:
        act()
    except MovedOn as moved:
        return moved_on(visitor, case_id, moved.why, kept)
    except ValueError as wrong:
        return own_page(visitor, "trouble.html", 422, told=str(wrong), back=f"/cases/{case_id}", kept=kept)
    return go(back or f"/cases/{case_id}", did)


def moved_on(visitor: Visitor, case_id: int, why: str, kept: str = "") -> HTMLResponse:
    """The page that says who or what came first, shows the case as it is now, and gives the person's text back."""
    case = gather(visitor, open_file(visitor, case_id))
    return own_page(visitor, "moved_on.html", 409, case=case, why=why, kept=kept)


def go(path: str, did: str = "") -> RedirectResponse:
    """To a page of ours, with a sentence about what was done."""
    parts = urlsplit(local_path(path))
    query = [part for part in parts.query.split("&") if part and not part.startswith("did=")]
    if did:
        query.append(urlencode({"did": did}))
    return RedirectResponse(quote(parts.path, safe="/") + ("?" + "&".join(query) if query else ""), 303)
