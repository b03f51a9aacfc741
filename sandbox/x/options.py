"""What can be set on the town's X while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.faults import FaultPlan
from sandbox.world import utc_now


@dataclass(slots=True)
class XOptions:
    """Set any of these at any time, from any thread; the next request sees it.

    `credits`: dollars left, None for no end of them. `revoked`: bearer or access tokens that no longer work. `expires`: token to the
    instant (of the world's clock) from which it no longer works. `limits`: requests per window by endpoint name, over those of
    `sandbox.x.limits`. `index_lag`: how long search and timelines are behind (the real X: about 30 s, the town: none); `search_lag`: how long search is,
    where that is longer.
    `summoned_rule`: whether replies are refused unless the author mentioned or quoted the replier (self-serve X since 2026-02-23).
    `usage_capped`: the monthly cap on post reads is used up. `wall`: the clock that OAuth timestamps are held against, which is the
    real one even where the world's clock is not.
    """

    credits: Decimal | None = None
    revoked: set[str] = field(default_factory=set)
    expires: dict[str, datetime] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    index_lag: timedelta = timedelta(0)
    search_lag: timedelta = timedelta(0)
    summoned_rule: bool = True
    usage_capped: bool = False
    faults: FaultPlan = field(default_factory=FaultPlan)
    wall: Callable[[], datetime] = utc_now
