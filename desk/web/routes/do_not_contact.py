"""The customer wants no more messages."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from desk.web.acting import on_case
from desk.web.casepage import open_file
from desk.web.visitor import Acting

router = APIRouter()


@router.post("/cases/{case_id}/do-not-contact")
def do_not_contact(visitor: Acting, case_id: int) -> Response:
    """Nothing more goes out to this person, in this case or another."""
    customer = open_file(visitor, case_id).customer.id
    cases = visitor.house.casebook.cases
    return on_case(visitor, case_id, lambda: cases.do_not_contact(customer, visitor.by, visitor.now), "no_contact")
