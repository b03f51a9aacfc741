"""The casebook: the only writer. A shelf of small writers, one file each."""

from __future__ import annotations

from sqlalchemy import Engine

from storage.casebook.alerts import Alerts
from storage.casebook.approving import Blocked
from storage.casebook.brands import Brands
from storage.casebook.cases import Cases
from storage.casebook.clocks import Clocks
from storage.casebook.digests import Digests
from storage.casebook.forgetting import Forgetting
from storage.casebook.hearings import Hearings
from storage.casebook.leases import Leases
from storage.casebook.pauses import Pauses
from storage.casebook.people import People
from storage.casebook.proposals import Proposals
from storage.casebook.removals import Removals
from storage.casebook.replies import DueReply, Replies
from storage.casebook.restoring import Restoring
from storage.casebook.rounds import Judged, Round, Rounds
from storage.casebook.shelf import Wake
from storage.casebook.sources import Sources
from storage.casebook.verdicts import Verdicts
from storage.last_claim import LastClaim

__all__ = ["Blocked", "Casebook", "DueReply", "Judged", "Round", "Wake"]


class Casebook:
    """Every change of the base goes through one of these writers; each public method is one transaction."""

    def __init__(
        self, engine: Engine, key: bytes, wake: Wake | None = None, last_claim: LastClaim | None = None
    ) -> None:
        self.engine = engine
        self.key = key
        self.brands = Brands(engine, key, wake)
        self.people = People(engine, key, wake)
        self.sources = Sources(engine, key, wake)
        self.rounds = Rounds(engine, key, wake)
        self.verdicts = Verdicts(engine, key, wake)
        self.hearings = Hearings(engine, key, wake)
        self.cases = Cases(engine, key, wake)
        self.proposals = Proposals(engine, key, wake)
        self.replies = Replies(engine, key, wake, last_claim)
        self.removals = Removals(engine, key, wake)
        self.pauses = Pauses(engine, key, wake)
        self.digests = Digests(engine, key, wake)
        self.forgetting = Forgetting(engine, key, wake)
        self.leases = Leases(engine, key, wake)
        self.clocks = Clocks(engine, key, wake)
        self.restoring = Restoring(engine, key, wake)
        self.alerts = Alerts(engine, key, wake)

    def can_write(self) -> None:
        """Try a write that changes nothing. Raises BaseUnavailable with the reason."""
        self.leases.touch()
