"""What X charges: prepaid credits in US dollars, by the price list of 2026-08. A resource is charged once per UTC day."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sandbox.world import World
from sandbox.x.options import XOptions
from sandbox.x.problems import CREDITS, USAGE_CAPPED, plain

POST_READ = Decimal("0.005")
OWNED_READ = Decimal("0.001")
USER_READ = Decimal("0.010")
POST_CREATE = Decimal("0.015")
POST_CREATE_WITH_URL = Decimal("0.200")
SUMMONED_REPLY = Decimal("0.010")
DELETE = Decimal("0.010")


@dataclass(slots=True)
class Till:
    """Takes the money. `spent` is what was charged since the server started, whether or not credits are limited."""

    world: World
    options: XOptions
    spent: Decimal = Decimal(0)
    _today: date | None = None
    _charged: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Raise Problem 402 when nothing is left, or 429 when the monthly cap of reads is reached."""
        if self.options.usage_capped:
            detail = "Usage cap exceeded: Monthly product cap"
            raise plain(429, "UsageCapExceeded", detail, "usage capped", USAGE_CAPPED)
        if self.options.credits is not None and self.options.credits <= 0:
            detail = "Your enrolled account does not have any credits to fulfill this request."
            raise plain(402, "CreditsDepleted", detail, "no credits", CREDITS)

    def charge_reads(self, post_ids: Iterable[str], user_ids: Iterable[str], *, owned: bool) -> None:
        """Charge for posts and people that were shown, each once a day."""
        with self._lock:
            today = self.world.clock().date()
            if today != self._today:
                self._today, self._charged = today, set()
            price = OWNED_READ if owned else POST_READ
            bill = {f"post:{native}": price for native in post_ids} | {
                f"user:{native}": USER_READ for native in user_ids
            }
            for resource, cost in bill.items():
                if resource not in self._charged:
                    self._charged.add(resource)
                    self._take(cost)

    def charge(self, cost: Decimal) -> None:
        """Charge for an act."""
        with self._lock:
            self._take(cost)

    def _take(self, cost: Decimal) -> None:
        self.spent += cost
        if self.options.credits is not None:
            self.options.credits -= cost
