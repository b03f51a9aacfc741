"""Who is looking, and whether they may act. Every page asks for a `Looking`, every act for an `Acting`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response

from desk.web.house import House
from desk.web.tokens import form_token, is_form_token
from storage.views import Person

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
LOOPBACK_PEERS = ("127.", "::1", "::ffff:127.")


class NotSignedIn(Exception):
    """Nobody is signed in; the page asks for it. `then` is where the person wanted to go."""

    def __init__(self, then: str = "/") -> None:
        super().__init__(then)
        self.then = then


class MayNot(Exception):
    """The person may not do this. `why` says who may."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotFound(Exception):
    """There is no such thing here."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person at this instant."""

    request: Request
    house: House
    person: Person
    session: str
    now: datetime

    @property
    def by(self) -> str:
        """How the casebook names this person."""
        return f"person:{self.person.id}"

    @property
    def first_name(self) -> str:
        """What the person is called in a reply's last line."""
        return self.person.name.split()[0] if self.person.name.split() else ""

    @property
    def token(self) -> str:
        """What every form of this session carries."""
        return form_token(self.session)

    @property
    def may_act(self) -> bool:
        """Whether this person may do more than look."""
        return self.person.may_act


def house_of(request: Request) -> House:
    """The house this app stands in."""
    return cast("House", request.app.state.house)


def now_of(request: Request) -> datetime:
    """The instant of this request."""
    return cast("datetime", request.app.state.now())


def is_here(request: Request) -> bool:
    """Whether browser and service are on one machine: peer and Host are loopback, and nobody forwarded the request."""
    peer = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-forwarded-host", "via"))
    return peer.startswith(LOOPBACK_PEERS) and host_of(request) in LOOPBACK_HOSTS and not forwarded


def is_secure(request: Request) -> bool:
    """Whether the browser's side of the line is encrypted: by us, or by the proxy whose https address stands in the settings."""
    if request.url.scheme == "https":
        return True
    public = urlsplit(house_of(request).settings.public_url or "")
    return (
        public.scheme == "https"
        and host_of(request) == (public.hostname or "")
        and request.headers.get("x-forwarded-proto", "https") == "https"
    )


def address_of(request: Request) -> str:
    """Where the request comes from; behind the proxy in the settings, what that proxy says."""
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "")
    if forwarded and request.url.scheme != "https" and is_secure(request):
        return forwarded.rpartition(",")[2].strip()
    return peer


def host_of(request: Request) -> str:
    """The Host header without its port, lower case."""
    host = request.headers.get("host", "").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def cookie_name(request: Request) -> str:
    """`__Host-` over https. Over http the port is part of it, since browsers share cookies between the ports of a machine."""
    if is_secure(request):
        return "__Host-amends"
    return f"amends-{request.url.port or 80}"


def forget(response: Response, request: Request, name: str) -> None:
    """Take a cookie away."""
    response.delete_cookie(name, path="/", secure=is_secure(request), httponly=True, samesite="lax")


def keep(response: Response, request: Request, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read and other sites do not send."""
    response.set_cookie(name, value, httponly=True, samesite="lax", secure=is_secure(request), path="/")


def find_visitor(request: Request) -> Visitor | None:
    """Who is signed in, or None."""
    session = request.cookies.get(cookie_name(request), "")
    if not session:
        return None
    house, now = house_of(request), now_of(request)
    person = house.casebook.people.person_for(session, now)
    return Visitor(request, house, person, session, now) if person else None


def look(request: Request) -> Visitor:
    """The visitor of a page. Raises NotSignedIn."""
    visitor = find_visitor(request)
    if visitor is None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        raise NotSignedIn(path if request.method == "GET" else "/")
    request.state.visitor = visitor
    return visitor


Looking = Annotated[Visitor, Depends(look)]


async def check_token(request: Request, visitor: Looking) -> Visitor:
    """The visitor of a form made for this very session. Raises MayNot."""
    token = (await request.form()).get("token", "")
    if not isinstance(token, str) or not is_form_token(visitor.session, token):
        raise MayNot("This form is from another session. Go back, load the page again, and press the button once more.")
    return visitor


Pressing = Annotated[Visitor, Depends(check_token)]
"""Anybody signed in who pressed a button of ours: signing out, the own password."""


def act(visitor: Pressing) -> Visitor:
    """The visitor of an act. Raises MayNot for those who may only look."""
    if not visitor.may_act:
        raise MayNot(
            "You may look, but not act. An owner or a member can do this; ask one of them to give you that role."
        )
    return visitor


Acting = Annotated[Visitor, Depends(act)]


def local_path(path: str) -> str:
    """The path when it leads to a page of ours, else the inbox: a form cannot send people elsewhere."""
    if (
        not path.startswith("/")
        or path.startswith(("//", "/\\"))
        or any(ord(char) < 33 or char == "\\" for char in path)
    ):
        return "/"
    return quote(path, safe="/?&=#%:,+-_.~")
