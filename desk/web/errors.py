"""What each error looks like to a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.web.pages import error_page
from desk.web.visitor import MayNot, NotFound, NotSignedIn
from storage.engine import BaseUnavailable


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


def unavailable(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """503: the database cannot be used just now."""
    return shown(503, "Not at this moment", getattr(error, "why", "The database cannot be used."))


def shown(status: int, title: str, told: str) -> HTMLResponse:
    """An error as a page."""
    return HTMLResponse(error_page(status, title, told), status)


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
