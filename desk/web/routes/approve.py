"""The one click: yes to exactly this text, in sight of what it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import Back, ReplyText, go, moved_on
from desk.web.casepage import find_proposal, open_file, show_case
from desk.web.editing import Editor, edit, hold_for
from desk.web.visitor import Acting, Visitor
from storage.lifecycle import SPENT_REPLIES, MovedOn
from storage.views import CaseFile
from storage.words import ReachHow, ReplyState

router = APIRouter()

TWICE = timedelta(minutes=2)
"""The same yes to the same text by the same person in sight of the same turn, within this time, is a second press of one button."""


@router.post("/cases/{case_id}/approve")
def approve(
    visitor: Acting,
    case_id: int,
    proposal: Annotated[int, Form()],
    seen: Annotated[int, Form()],
    text: ReplyText = "",
    anyway: Annotated[str, Form(max_length=5)] = "",
    invite: Annotated[str, Form(max_length=5)] = "yes",
    back: Back = "",
) -> Response:
    """Approve the text as it stood on the page. Findings that block ask once more; when the world moved on, the text is kept."""
    file = open_file(visitor, case_id)
    chosen = find_proposal(file, proposal)
    if done := _pressed_before(visitor, file, text, seen, back):
        return done
    if chosen is None:
        return moved_on(visitor, case_id, visitor.house.reading.what_came_first(case_id, visitor.now), text)
    editor = edit(visitor.house, file, chosen, visitor.first_name, text=text, invite=invite == "yes")
    if editor.reach.how is ReachHow.NONE or (editor.blocked and not (anyway == "yes" and editor.may_anyway)):
        return show_case(visitor, file, editor, 422, asked=True)
    try:
        _say_yes(visitor, file, editor, seen, anyway=anyway == "yes")
    except MovedOn as moved:
        done = _pressed_before(visitor, open_file(visitor, case_id), text, seen, back)
        return done or moved_on(visitor, case_id, moved.why, text)
    return _done(visitor, file, back, by_hand=editor.by_hand)


def _say_yes(visitor: Visitor, file: CaseFile, editor: Editor, seen: int, *, anyway: bool) -> None:
    casebook, by, now = visitor.house.casebook, visitor.by, visitor.now
    revised = casebook.proposals.revise(editor.proposal.id, editor.text, editor.findings, by, now)
    hold = hold_for(visitor.house, file.case.brand)
    casebook.replies.approve(revised, seen, by, now, hold=hold, anyway=anyway)


def _pressed_before(visitor: Visitor, file: CaseFile, text: str, seen: int, back: str) -> Response | None:
    """A second press of the same button gets the answer of the first."""
    for one in file.replies:
        # The same words to what the customer wrote since are another answer.
        if (one.text, one.approved_by, one.seen_turn) != (text, visitor.by, seen) or one.approved_at is None:
            continue
        if visitor.now - one.approved_at < TWICE and one.state not in SPENT_REPLIES:
            return _done(visitor, file, back, by_hand=one.state is ReplyState.BY_HAND)
    return None


def _done(visitor: Visitor, file: CaseFile, back: str, *, by_hand: bool) -> Response:
    here = f"/cases/{file.case.id}"
    if by_hand:
        return go(here, "by_hand")
    paused = visitor.house.casebook.pauses.paused(file.case.brand)
    return go(back or here, "waits" if paused else "approved")
