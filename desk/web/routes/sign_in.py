"""Signing in: by password, or by being in the practice town on this very machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.web import passwords
from desk.web.pages import error_page, page
from desk.web.tokens import form_token, is_form_token, new_secret
from desk.web.visitor import (
    MayNot,
    address_of,
    cookie_name,
    find_visitor,
    forget,
    house_of,
    is_here,
    is_secure,
    keep,
    local_path,
    now_of,
)
from storage.views import Person

router = APIRouter()

WRONG = "That address and password do not fit together. Please try again."
BUSY = "Many people are signing in at this moment. Please try again in a few seconds."
OLD = "This form is too old, or your browser keeps no cookies. Load the page again and sign in once more."
PLAIN = (
    "This address is not protected: over plain http your password could be read on the way. "
    "Open the inbox on the computer it runs on, or by its https address."
)


@router.get("/sign-in")
def show(request: Request, then: str = "/") -> Response:
    """The form; in the practice town, straight in."""
    if find_visitor(request):
        return RedirectResponse(local_path(then), 303)
    if house_of(request).settings.demo and is_here(request):
        owner = next((one for one in house_of(request).casebook.people.all() if one.role == "owner"), None)
        if owner:
            return let_in(request, owner, then)
    return ask(request, then)


def ask(request: Request, then: str, told: str = "", email: str = "", status: int = 200) -> Response:
    """The form, with a cookie of its own that its token belongs to."""
    if not is_safe(request):
        return HTMLResponse(error_page(403, "Not over this address", PLAIN), 403)
    door = request.cookies.get(door_name(request)) or new_secret()
    shown = page(
        request, "sign_in.html", status, form_token=form_token(door), then=local_path(then), told=told, email=email
    )
    keep(shown, request, door_name(request), door)
    return shown


@router.post("/sign-in")
def enter(
    request: Request,
    email: Annotated[str, Form(max_length=255)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    token: Annotated[str, Form(max_length=100)] = "",
    then: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Look at the password, unless too many wrong ones came before."""
    if not is_safe(request):
        return ask(request, then)
    door = request.cookies.get(door_name(request), "")
    if not door or not is_form_token(door, token):
        raise MayNot(OLD)
    house, now, patience = house_of(request), now_of(request), request.app.state.patience
    account, address = email.strip().lower(), address_of(request)
    if wait := patience.wait(account, address, now):
        return ask(request, then, too_soon(wait), email, 429)
    person = house.casebook.people.by_email(account)
    try:
        right = passwords.is_right(person.password_hash if person else None, password)
    except passwords.Busy:
        return ask(request, then, BUSY, email, 503)
    if person is None or not right:
        patience.failed(account, address, now)
        return ask(request, then, WRONG, email, 401)
    patience.succeeded(account)
    return let_in(request, person, then)


def let_in(request: Request, person: Person, then: str) -> Response:
    """A new session under a new name; what the browser had before counts no more."""
    people, service = house_of(request).casebook.people, house_of(request).settings.service
    old = request.cookies.get(cookie_name(request))
    if old:
        people.close_session(old)
    session = people.open_session(person.id, now_of(request), service.sign_out_after, service.sign_in_for)
    answer = RedirectResponse(local_path(then), 303)
    keep(answer, request, cookie_name(request), session)
    forget(answer, request, door_name(request))
    return answer


def door_name(request: Request) -> str:
    """The cookie of those who are not signed in yet."""
    return cookie_name(request) + "-door"


def is_safe(request: Request) -> bool:
    """Whether a password can come this way: encrypted, or never leaving this machine."""
    return is_secure(request) or is_here(request)


def too_soon(wait: timedelta) -> str:
    """How long to wait, as a sentence."""
    return f"Too many wrong passwords. Please wait {max(int(wait.total_seconds()) + 1, 2)} seconds and try again."
