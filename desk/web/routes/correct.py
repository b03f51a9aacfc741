"""Setting a posted reply right: a new public word under the same post, approved like any other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from desk.web.acting import ReplyText, on_case
from desk.web.casepage import open_file
from desk.web.visitor import Acting, NotFound, Visitor
from places.doors import Publisher
from storage.views import CaseFile, ReplyView
from storage.words import Draft, Purpose, Reach, ReachHow

router = APIRouter()


@router.post("/cases/{case_id}/correct")
def correct(visitor: Acting, case_id: int, reply: Annotated[int, Form()], text: ReplyText = "") -> Response:
    """Put the correction into the editor of the case, as a further alternative; nothing goes out yet."""
    file = open_file(visitor, case_id)
    wrong = next((one for one in file.replies if one.id == reply), None)
    if wrong is None:
        raise NotFound

    def write() -> None:
        if not text:
            raise ValueError("Write what you want to say instead.")
        draft = Draft(text, file.case.language, wrong.audience, Purpose.CORRECT, made_by=visitor.by)
        visitor.house.casebook.proposals.write(
            case_id, draft, reach_of(visitor, file, wrong), visitor.now, corrects=reply
        )

    return on_case(visitor, case_id, write, "correcting", kept=text)


def reach_of(visitor: Visitor, file: CaseFile, wrong: ReplyView) -> Reach:
    """How a correction can go out: as the place says today."""
    publisher: Publisher | None = visitor.house.publishers.get((file.case.brand, file.case.place))
    if publisher is None:
        return Reach(ReachHow.BY_HAND, "There is no account of ours to post with here.")
    return publisher.reach(file.last.post, wrong.audience)
