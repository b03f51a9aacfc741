"""A person's browser, without its pictures: keeps cookies, follows our redirects, presses buttons by the form they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.web.small_house import PASSWORD, House

ADDRESS = "http://127.0.0.1:8420"


class Browser(TestClient):
    """Looks at pages as a browser on this machine would."""

    def __init__(self, app: FastAPI, address: str = ADDRESS, peer: str = "127.0.0.1") -> None:
        super().__init__(app, base_url=address, client=(peer, 50000), raise_server_exceptions=False)
        self.headers["sec-fetch-site"] = "same-origin"

    def sign_in(self, email: str, password: str = PASSWORD) -> Response:
        """By the form."""
        return self.press("/sign-in", "/sign-in", email=email, password=password)

    def come_in(self, house: House, email: str) -> None:
        """With a session that was opened before, which saves the time of a password."""
        person = house.casebook.people.by_email(email)
        assert person is not None
        session = house.casebook.people.open_session(person.id, house.clock(), timedelta(days=7), timedelta(days=30))
        self.cookies.set("amends-8420", session, domain="127.0.0.1")

    def token(self) -> str:
        """The token of this session's forms."""
        return field(self.look("/account"), "token")

    def look(self, path: str) -> Element:
        """The page, parsed as browsers parse it."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-400:])
        return parse(answer.text)

    def press(self, page: str, action: str, *, follow: bool = True, **fields: Any) -> Response:
        """Press the first button of the form with this action on the page; `fields` are what was typed."""
        form = next((one for one in tags(self.look(page), "form") if one.get("action") == action), None)
        assert form is not None, f"{page} has no form that goes to {action}"
        sent = filled(form) | {key: str(value) for key, value in fields.items()}
        return self.post(action, data=sent, follow_redirects=follow)


def parse(text: str) -> Element:
    """A page as a tree, without name spaces."""
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    assert isinstance(tree, Element)
    return tree


def tags(tree: Element, name: str) -> Iterator[Element]:
    """Every element of this name."""
    return tree.iter(name)


def filled(form: Element) -> dict[str, str]:
    """What a browser would send of the form as it stands, without its buttons."""
    sent: dict[str, str] = {}
    for one in form.iter():
        name = one.get("name")
        if not name or (one.get("type") in ("radio", "checkbox") and one.get("checked") is None):
            continue
        if one.tag == "input":
            sent[name] = one.get("value") or ""
        elif one.tag == "textarea":
            sent[name] = "".join(one.itertext())
    return sent


def field(tree: Element, name: str) -> str:
    """The value of the first field of this name."""
    return next(one.get("value") or "" for one in tags(tree, "input") if one.get("name") == name)


def words(tree: Element) -> str:
    """All text of the page, on one line."""
    return " ".join("".join(tree.itertext()).split())
