"""Ana in front of the real inbox: she comes in over HTTP as a browser does, and presses the buttons by the forms they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import requests

PATIENCE = 5.0
"""Seconds she waits for a page; the process behind it may have been killed."""
PRACTICE_OWNER = "/sign-in"


class Away(Exception):
    """No answer: nobody is there, or died while answering. Whether what was pressed has been done is not known."""


@dataclass(slots=True)
class Form:
    """A form as it stands on a page: where it goes, and what a browser would send."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Every form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a form, or note a field."""
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(named.get("action", ""))
            self.found.append(self._open)
        elif self._open is None or "name" not in named:
            return
        elif tag == "textarea":
            self._area = named["name"]
            self._open.fields[self._area] = ""
        elif tag == "input" and (named.get("type") not in ("radio", "checkbox") or "checked" in named):
            self._open.fields[named["name"]] = named.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """End a form or a text field."""
        if tag == "textarea":
            self._area = None
        elif tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        """The words in a text field. Browsers leave out a line break right after its beginning."""
        if self._open is not None and self._area is not None:
            self._open.fields[self._area] += data


@dataclass(frozen=True, slots=True)
class Yes:
    """A yes that Ana pressed: the case, the text as it stood on the page, and whether she was told that it is done."""

    case_id: int
    text: str
    sure: bool


class Ana:
    """The owner of the practice house at `address`, who is signed in by being there."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._browser = requests.Session()
        self._browser.trust_env = False
        self._browser.headers["sec-fetch-site"] = "same-origin"

    def look(self, path: str) -> str:
        """A page. Raises Away."""
        try:
            answer = self._browser.get(self._address + path, timeout=PATIENCE)
        except requests.RequestException as error:
            raise Away(str(error)) from error
        if not answer.ok:
            raise AssertionError(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.text

    def come_in(self) -> None:
        """Sign in. Raises Away."""
        self.look(PRACTICE_OWNER)

    def say_yes(self, most: int) -> list[Yes]:
        """Press the button of the first few complaints in the list that have one. Raises Away before anything was pressed."""
        forms = Forms()
        forms.feed(self.look("/"))
        offered = [form for form in forms.found if form.action.endswith("/approve")][:most]
        return [self._press(form) for form in offered]

    def _press(self, form: Form) -> Yes:
        case_id = int(form.action.split("/")[2])
        return Yes(case_id, form.fields["text"], self._post(form.action, form.fields))

    def _post(self, path: str, fields: Mapping[str, str]) -> bool:
        """Whether she was told that it is done. A page that says no is no yes; an error page is a failure of the harness's."""
        try:
            answer = self._browser.post(self._address + path, dict(fields), timeout=PATIENCE, allow_redirects=False)
        except requests.RequestException:
            return False
        if answer.status_code >= 500:
            raise AssertionError(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.status_code == 303
