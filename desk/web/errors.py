"""What each error looks like to a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.web.pages import error_page
from desk.web.visitor import MayNot, NotFound, NotSignedIn
from storage.engine import BaseUnavailable, Doubtful

FIELDS: Mapping[str, str] = {
    "text": "What you wrote",
    "note": "Your note",
    "why": "Your reason",
    "more": "Your words",
    "cause": "What went wrong",
    "remedy": "What was done",
    "prevention": "What keeps it from happening again",
    "link": "The link",
    "url": "The address",
}
"""The fields of our forms that hold a person's words."""


def sign_in_first(request: Request, error: Exception) -> Response:
    """To the sign-in page, and back afterwards."""
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
    then = getattr(error, "then", "/")
    return RedirectResponse("/sign-in" + ("" if then == "/" else f"?then={quote(then, safe='')}"), 303)


def may_not(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """403, and who may."""
    return shown(403, "That is not for you to press", getattr(error, "why", ""))


def not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """404."""
    return shown(404, "Nothing here", "There is no such page. It may have been put away.")


def not_so(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """405: a page that can only be looked at, or an act that needs its button."""
    answer = shown(405, "Not like this", "This needs its button. Nothing was done.")
    if allow := getattr(error, "headers", None):
        answer.headers.update(allow)
    return answer


def not_understood(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """422: something in a form was missing or too long."""
    return shown(
        422, "Something is missing", "A field was missing or too long. Go back and try again; nothing was done."
    )


def unavailable(request: Request, error: Exception) -> Response:
    """503: the database cannot be used just now. Whether what was pressed is done, and what was typed, given back."""
    told = getattr(error, "why", "The database cannot be used.")
    if request.method == "GET":
        return shown(503, "Not at this moment", told)
    unsure = isinstance(error, Doubtful)
    told += " Look whether it was done before you press it again." if unsure else " What you pressed was not done."
    return shown(503, "Not at this moment", told, typed(request))


def typed(request: Request) -> tuple[tuple[str, str], ...]:
    """What a person wrote into the form that was sent, with what the field is called; never a password."""
    body = bytes(getattr(request.state, "typed", b""))
    written = parse_qs(body.decode("ascii", "replace"), encoding="utf-8", errors="replace")
    return tuple((says, written[name][-1]) for name, says in FIELDS.items() if "".join(written.get(name, ())).strip())


def shown(status: int, title: str, told: str, kept: tuple[tuple[str, str], ...] = ()) -> HTMLResponse:
    """An error as a page; `kept` are a person's own words, with what each is called."""
    return HTMLResponse(error_page(status, title, told, kept), status)


ERRORS: Mapping[int | type[Exception], Callable[[Request, Exception], Response]] = {
    404: not_found,
    405: not_so,
    NotSignedIn: sign_in_first,
    MayNot: may_not,
    NotFound: not_found,
    RequestValidationError: not_understood,
    BaseUnavailable: unavailable,
}
"""By status or exception; what is in none of these is caught by the guard."""
