"""Everything we heard and did not raise; "you missed this one"; and what a person says of a mention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response

from desk.web.acting import Back, Turn, go, on_case
from desk.web.heardpage import gather
from desk.web.pages import own_page
from desk.web.visitor import Acting, Looking, NotFound, Visitor
from storage.lifecycle import LIVE_CASES, MovedOn
from storage.views import Whereabouts
from storage.words import Kind

router = APIRouter()

Before = Annotated[int | None, Query(ge=1, le=2**31 - 1)]

TOLD: Mapping[str, Kind | None] = {
    "complaint": Kind.COMPLAINT,
    "no_complaint": None,
    "praise": Kind.PRAISE,
    "question": Kind.QUESTION,
    "not_us": Kind.NOT_US,
    "spam": Kind.SPAM,
}
"""What a mention can be said to be; all but the first are reasons for putting a case aside too."""


@router.get("/heard")
def show(visitor: Looking, brand: str = "", before: Before = None) -> Response:
    """The mentions that raised no case, newest first."""
    return own_page(visitor, "heard.html", heard=gather(visitor, brand, before))


@router.post("/heard/{mention_id}/missed")
def missed(visitor: Acting, mention_id: int) -> Response:
    """Raise its case, and show that. A second press shows the case of the first."""
    where = _where(visitor, mention_id)
    if _stands(where):
        return go(f"/cases/{where.case_id}", "known")
    try:
        return go(f"/cases/{_raise(visitor, mention_id, where)}", "missed")
    except MovedOn as moved:
        return own_page(visitor, "trouble.html", 409, told=moved.why, back="/heard", kept="")


@router.post("/heard/{mention_id}/tell")
def tell(
    visitor: Acting,
    mention_id: int,
    kind: Annotated[str, Form(max_length=20)] = "",
    seen: Turn = None,
    back: Back = "/listening",
) -> Response:
    """What the mention is. A complaint is raised; a case that waits for one that is none is put aside."""
    where = _where(visitor, mention_id)
    if kind not in TOLD:
        return own_page(visitor, "trouble.html", 422, told="Please choose what it is.", back=back, kept="")
    try:
        if kind == "complaint" and not _stands(where):
            _raise(visitor, mention_id, where)
            return go(back, "in_inbox")
        if kind != "complaint" and where.case_id is not None and _waits(visitor, where):
            return _put_aside(visitor, where.case_id, kind, seen, back)
        visitor.house.casebook.hearings.tell(mention_id, TOLD[kind], visitor.by, visitor.now)
    except MovedOn as moved:
        return own_page(visitor, "trouble.html", 409, told=moved.why, back=back, kept="")
    return go(back, "told")


def _put_aside(visitor: Visitor, case_id: int, kind: str, seen: int | None, back: str) -> Response:
    cases = visitor.house.casebook.cases
    return on_case(
        visitor, case_id, lambda: cases.dismiss(case_id, kind, visitor.by, visitor.now, seen), "told", back=back
    )


def _raise(visitor: Visitor, mention_id: int, where: Whereabouts) -> int:
    """The mention's case: raised now, opened again if the machine had taken it back, or the one of whoever was quicker. Raises MovedOn when
    the mention is gone."""
    cases, case_id = visitor.house.casebook.cases, where.case_id
    try:
        if case_id is None:
            case_id = cases.raise_missed(mention_id, visitor.by, visitor.now)
        else:
            cases.reopen(case_id, "", visitor.by, visitor.now)
    except MovedOn:
        now = _where(visitor, mention_id)
        if now.case_id is None or now.taken_back:
            raise
        return now.case_id
    visitor.house.propose_now(case_id)
    return case_id


def _stands(where: Whereabouts) -> bool:
    """Whether the mention has a case that was not taken back."""
    return where.case_id is not None and not where.taken_back


def _waits(visitor: Visitor, where: Whereabouts) -> bool:
    """Whether the mention's own case is still to be dealt with; one that it was only added to says nothing of it."""
    file = visitor.house.reading.case(where.case_id) if where.case_id is not None and where.raised_it else None
    return file is not None and file.case.state in LIVE_CASES


def _where(visitor: Visitor, mention_id: int) -> Whereabouts:
    where = visitor.house.reading.where_is(mention_id) if 0 < mention_id < 2**31 else None
    if where is None or where.brand not in visitor.house.brands:
        raise NotFound
    return where
