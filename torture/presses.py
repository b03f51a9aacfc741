"""Every button of the inbox: in which scene it is pressed, and what its form holds then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from storage.views import CaseFile
from torture.orders import Press
from torture.scenes import ANA_ID, NEW_PASSWORD, OVERHEARD, PASSWORD, sorry
from torture.shop import OWNER
from torture.sites import KEY
from torture.stage import Stage

Form = Callable[[CaseFile], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Button:
    """A button. `scene` is one of those for a single case, see torture.scenes.ONE_CASE."""

    scene: str
    form: Form


def _no(_: CaseFile) -> dict[str, object]:
    return {}


def _reply(file: CaseFile) -> dict[str, object]:
    return {"reply": file.replies[0].id}


def _answer(file: CaseFile) -> dict[str, object]:
    return {"proposal": file.proposals[0].id, "text": sorry(0)}


CASE = "/cases/{case_id}"
MENTION = "/heard/{mention_id}"

BUTTONS: Mapping[str, Button] = {
    f"{CASE}/approve": Button("proposed", _answer),
    f"{CASE}/undo": Button("held", _reply),
    f"{CASE}/posted": Button("by hand", _reply),
    f"{CASE}/hand-over": Button("refused", _reply),
    f"{CASE}/is-it-there": Button("unsure", lambda file: {**_reply(file), "there": "yes"}),
    f"{CASE}/already-answered": Button("proposed", _no),
    f"{CASE}/dismiss": Button("held", lambda _: {"reason": "other", "more": "a misunderstanding"}),
    f"{CASE}/reopen": Button("dismissed", lambda _: {"why": "she wrote to us"}),
    f"{CASE}/snooze": Button("proposed", lambda _: {"hours": 4}),
    f"{CASE}/offline": Button("up", lambda _: {"note": "she rang us up"}),
    f"{CASE}/resolve": Button(
        "up", lambda _: {"cause": "the oven", "remedy": "a new cake", "prevention": "a new oven"}
    ),
    f"{CASE}/note": Button("proposed", lambda _: {"text": "she is a regular"}),
    f"{CASE}/do-not-contact": Button("held", _no),
    f"{CASE}/take-down": Button("up", lambda file: {**_reply(file), "why": "wrong shop"}),
    f"{CASE}/leave-up": Button("leaving", _reply),
    f"{CASE}/correct": Button(
        "up", lambda file: {**_reply(file), "text": "It was our other shop. We are sorry all the same."}
    ),
    f"{CASE}/propose": Button("raised", _no),
    f"{CASE}/read": Button("unsure", lambda file: {"read": file.case.parked_why}),
    f"{CASE}/check": Button("proposed", _answer),
    f"{CASE}/draft": Button("proposed", _answer),
    "/paste": Button("raised", lambda _: {"text": "The soup was cold and nobody cared. Awful!", "author": "Ines"}),
    "/pause": Button("held", lambda _: {"scope": KEY}),
    "/resume": Button("paused", lambda _: {"scope": "*"}),
    "/older": Button("raised", lambda _: {"brand": KEY, "yes": "yes"}),
    "/sources/poll": Button("raised", _no),
    f"{MENTION}/missed": Button("overheard", _no),
    f"{MENTION}/tell": Button("overheard", lambda _: {"kind": "complaint"}),
    "/listening/ask": Button("overheard", lambda _: {"brand": KEY, "per_day": "5"}),
    "/listening/reset": Button("told", lambda _: {"brand": KEY}),
    "/listening/back": Button("told", lambda _: {"brand": KEY, "version": 1}),
    "/sign-in": Button("proposed", lambda _: {"email": OWNER, "password": PASSWORD}),
    "/sign-out": Button("proposed", _no),
    "/account/password": Button("proposed", lambda _: {"old": PASSWORD, "new": NEW_PASSWORD}),
}
"""By the route's path; all of them are POSTs."""


def press_of(stage: Stage, path: str) -> Press:
    """The press of one button, as the scene stands now. Ana is signed in for it."""
    case_id = 1
    file = stage.house.reading.case(case_id)
    assert file is not None
    form = {"seen": file.case.turn} | BUTTONS[path].form(file)
    people, now = stage.house.casebook.people, stage.now
    session = people.open_session(ANA_ID, now, timedelta(days=1), timedelta(days=1))
    named = tuple((name, str(value)) for name, value in form.items())
    there = path.replace("{case_id}", str(case_id)).replace("{mention_id}", str(OVERHEARD))
    return Press(there, named, session)
