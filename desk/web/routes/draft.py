"""Another text into the editor: an alternative, the same without its invitation, or the person's own words back. Stores nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import ReplyText, moved_on
from desk.web.casepage import find_proposal, open_file, show_case
from desk.web.editing import edit, uninvited
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/draft")
def draft(
    visitor: Acting,
    case_id: int,
    proposal: Annotated[int, Form()],
    use: Annotated[str, Form(max_length=12)] = "",
    text: ReplyText = "",
    kept: ReplyText = "",
    invite: Annotated[str, Form(max_length=5)] = "yes",
) -> Response:
    """`use` is "uninvited", "kept", a proposal's id, or empty to check the text as it is."""
    file = open_file(visitor, case_id)
    other = int(use) if use.isascii() and use.isdigit() else None
    chosen = find_proposal(file, proposal if other is None else other)
    if chosen is None:
        return moved_on(visitor, case_id, visitor.house.reading.what_came_first(case_id, visitor.now), text)
    house, name = visitor.house, visitor.first_name
    if use == "uninvited":
        shorter = uninvited(house, file, chosen, text)
        editor = edit(house, file, chosen, name, text=shorter, invite=False, kept=text)
    elif use == "kept":
        editor = edit(house, file, chosen, name, text=kept, kept=text)
    elif other is not None:
        editor = edit(house, file, chosen, name, kept=text)
    else:
        editor = edit(house, file, chosen, name, text=text, invite=invite == "yes")
    return show_case(visitor, file, editor)
