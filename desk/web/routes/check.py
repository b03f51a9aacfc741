"""Live findings: what the apology check says of the text as it stands in the editor. Stores nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import ReplyText
from desk.web.casepage import find_proposal, open_file
from desk.web.editing import edit
from desk.web.pages import own_page
from desk.web.visitor import Acting, NotFound

router = APIRouter()


@router.post("/cases/{case_id}/check")
def check(
    visitor: Acting,
    case_id: int,
    proposal: Annotated[int, Form()],
    text: ReplyText = "",
    invite: Annotated[str, Form(max_length=5)] = "yes",
) -> Response:
    """The meter, the findings and the preview."""
    file = open_file(visitor, case_id)
    chosen = find_proposal(file, proposal)
    if chosen is None:
        raise NotFound
    editor = edit(visitor.house, file, chosen, visitor.first_name, text=text, invite=invite == "yes")
    return own_page(visitor, "_checked_alone.html", editor=editor)
