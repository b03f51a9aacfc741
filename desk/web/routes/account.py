"""One's own account: who one is, the password, signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web import passwords
from desk.web.acting import go
from desk.web.pages import own_page
from desk.web.routes.sign_in import BUSY, too_soon
from desk.web.visitor import Looking, Pressing, Visitor, address_of, cookie_name, keep

router = APIRouter()


@router.get("/account")
def show(visitor: Looking) -> Response:
    """The account page."""
    return own_page(visitor, "account.html", told="")


@router.post("/account/password")
def change(
    visitor: Pressing,
    old: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A new password ends every session; this browser gets a new one."""
    person, address = visitor.person, address_of(visitor.request)
    patience = visitor.request.app.state.patience
    if wait := patience.wait(person.email, address, visitor.now):
        return own_page(visitor, "account.html", 429, told=too_soon(wait))
    try:
        if not passwords.is_right(person.password_hash, old):
            patience.failed(person.email, address, visitor.now)
            return own_page(visitor, "account.html", 422, told="That is not your present password.")
        if fault := passwords.find_fault(new):
            return own_page(visitor, "account.html", 422, told=fault)
        visitor.house.casebook.people.set_password(person.id, passwords.hash_password(new))
    except passwords.Busy:
        return own_page(visitor, "account.html", 503, told=BUSY)
    return _in_again(visitor)


def _in_again(visitor: Visitor) -> Response:
    people, service = visitor.house.casebook.people, visitor.house.settings.service
    session = people.open_session(visitor.person.id, visitor.now, service.sign_out_after, service.sign_in_for)
    answer = go("/account", "password")
    keep(answer, visitor.request, cookie_name(visitor.request), session)
    return answer
