"""The eight who work the inbox: each presses buttons over HTTP, from the page they saw, at either of the two processes."""

from __future__ import annotations

import html
import http.client
import random
import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from desk.web.tokens import form_token
from storage.reading import Reading
from storage.views import CaseFile
from storage.words import ReplyState

NAMES = ("Ana", "Ben", "Dora", "Emil", "Gita", "Hana", "Ivo", "Zoe")
WORDS = (
    "I am sorry, {customer}. Your bread was burnt and that is our fault: we took it out too late. "
    "Please write to us at hello@rosebakery.example so that we can put it right. {name}"
)

_TOLD = re.compile(r'<p class="told" role="alert">(.*?)</p>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_TEXT = re.compile(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', re.DOTALL)
_FORM = r'<form [^>]*method="post" action="/cases/{}/approve".*?</form>'
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one press. `why` is what a loser was told."""

    name: str
    act: str
    status: int
    why: str
    at: datetime
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """The page as everybody had it open when the round began."""

    case_id: int
    turn: int
    proposal: int
    customer: str


@dataclass
class Person:
    """One of them, signed in, with a line to each process."""

    name: str
    by: str
    session: str
    ports: tuple[int, ...]
    now: Callable[[], datetime]

    def ask(self, port: int, method: str, path: str, form: dict[str, object] | None = None) -> tuple[int, str]:
        """One request, over a line of its own."""
        body = urlencode({**form, "token": form_token(self.session)}) if form is not None else None
        headers = {"cookie": f"amends-{port}={self.session}", "sec-fetch-site": "same-origin"}
        if body is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read().decode()

    def press(self, act: str, path: str, form: dict[str, object], chance: random.Random) -> Answer:
        """Press a button; what came of it."""
        status, body = self.ask(chance.choice(self.ports), "POST", path, form)
        told = _TOLD.search(body)
        why = html.unescape(_TAG.sub("", told[1])).strip() if told else ""
        return Answer(self.name, act, status, why, self.now(), body)

    def look(self, path: str, chance: random.Random) -> str:
        """Look at a page, which must be there."""
        status, body = self.ask(chance.choice(self.ports), "GET", path)
        assert status == 200, (path, status, body[-300:])
        return body


def approve(person: Person, seen: Seen, chance: random.Random) -> Answer:
    """Yes, with one's own words."""
    text = WORDS.format(customer=seen.customer, name=person.name)
    form = {"proposal": seen.proposal, "seen": seen.turn, "text": text, "anyway": "yes"}
    return person.press("approve", f"/cases/{seen.case_id}/approve", form, chance)


def approve_as_shown(person: Person, page: str, case_id: int, chance: random.Random) -> Answer | None:
    """Yes to the very text on a page, by its form: the inbox ("/"), or the page that the link in the mail opens."""
    form = re.search(_FORM.format(case_id), person.look(page, chance), re.DOTALL)
    text = _TEXT.search(form[0]) if form else None
    if form is None or text is None:
        return None  # somebody was quicker: there is nothing to approve on the page any more
    hidden = dict(_HIDDEN.findall(form[0]))
    shown = html.unescape(text[1].removeprefix("\n"))
    fields = {"proposal": hidden["proposal"], "seen": hidden["seen"], "text": shown, "anyway": "yes"}
    return person.press("approve", f"/cases/{case_id}/approve", fields, chance)


def undo(person: Person, seen: Seen, chance: random.Random, reading: Reading) -> Answer | None:
    """Take back whatever is held, once there is something."""
    reply = _wait_for_reply(reading, seen.case_id)
    if reply is None:
        return None
    return person.press("undo", f"/cases/{seen.case_id}/undo", {"reply": reply}, chance)


def _wait_for_reply(reading: Reading, case_id: int) -> int | None:
    for _ in range(8):
        file = reading.case(case_id)
        assert isinstance(file, CaseFile)
        waiting = [one.id for one in file.replies if one.state in (ReplyState.APPROVED, ReplyState.BY_HAND)]
        if waiting:
            return waiting[-1]
        time.sleep(0.02)
    return None


def pause_a_moment(person: Person, chance: random.Random) -> Answer:
    """Pause everything and go on."""
    paused = person.press("pause", "/pause", {"scope": chance.choice(["*", "rosebakery"])}, chance)
    if paused.status != 303:
        return paused
    time.sleep(chance.uniform(0, 0.03))
    return person.press("resume", "/resume", {"scope": "*"}, chance)


def decide(person: Person, seen: Seen, act: str, chance: random.Random) -> Answer:
    """Any other button of the case."""
    forms: dict[str, dict[str, object]] = {
        "dismiss": {"seen": seen.turn, "reason": "praise"},
        "snooze": {"seen": seen.turn, "hours": 1},
        "already-answered": {"seen": seen.turn},
        "offline": {"seen": seen.turn, "note": "She came to the counter."},
        "resolve": {"seen": seen.turn, "cause": "Oven", "remedy": "New bread"},
        "reopen": {"why": "It is a complaint after all."},
        "note": {"text": "I know her."},
    }
    return person.press(act, f"/cases/{seen.case_id}/{act}", forms[act], chance)
