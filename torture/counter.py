"""Ana at the counter: she says yes to whatever is proposed, and presses twice at once each time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from sqlalchemy import select

from desk.clock import utc_now
from desk.wiring import House
from storage.engine import reading
from storage.lifecycle import MovedOn
from storage.tables import replies
from storage.words import ReachHow
from torture.facts import MOST, UP, is_settled
from torture.judge import Finding, Known, Said

ANA = "person:1"


@dataclass
class Desk:
    """Ana at her desk: she says yes to everything, pressing twice at once."""

    house: House
    chance: Random
    said: dict[int, Said] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(3))

    def answer(self) -> None:
        """Say yes to whatever is proposed by now."""
        for row in self.house.reading.inbox(limit=100, now=utc_now()).rows:
            if row.proposal_id is not None and row.reply_id is None and row.reach and row.reach.how is ReachHow.API:
                self._answer(row.case_id, row.turn, row.place, row.proposal_id, row.proposal or "")

    def _answer(self, case_id: int, turn: int, place: str, proposal: int, text: str) -> None:
        file = self.house.reading.case(case_id)
        assert file is not None
        own = f"{text} ({case_id})"  # X takes no text twice
        revised = self.house.casebook.proposals.revise(proposal, own, (), ANA, utc_now())
        hold, together = timedelta(seconds=self.chance.choice((0, 0, 1, 2))), threading.Barrier(2)

        def press(_: int) -> int | None:
            together.wait()
            try:
                return self.house.casebook.replies.approve(revised, turn, ANA, utc_now(), hold=hold, anyway=True)
            except MovedOn:
                return None

        counted = [reply for reply in self.pool.map(press, range(2)) if reply is not None]
        if len(counted) != 1:
            self.findings.append(Finding("presses", f"{len(counted)} of two presses counted"))
        self.refused += 2 - len(counted)
        parent = file.last.post.native_id.rpartition("_")[2]
        for reply in counted:
            self.said[reply] = Said(reply, own, frozenset((parent,)))
            self.places[reply] = place

    def known(self) -> dict[int, Known]:
        """What the machine makes of each reply."""
        lists = self.house.reading.lists(utc_now(), limit=MOST)
        told = {row.case_id for row in (*lists.parked, *lists.by_hand)}
        with reading(self.house.engine) as connection:
            rows = connection.execute(select(replies)).all()
        return {row.id: Known(is_settled(row), row.state in UP, row.case_id in told, row.native_id) for row in rows}

    def answer_until(self, over: threading.Event) -> None:
        """Go on so."""
        while not over.wait(0.1):
            self.answer()

    def due(self) -> bool:
        """Whether replies wait to go out, now or after their hold."""
        return bool(self.house.casebook.replies.due_accounts(utc_now() + timedelta(seconds=3)))

    def unsettled(self) -> int:
        """How many replies there is something left to do for."""
        return sum(not known.settled for known in self.known().values())
