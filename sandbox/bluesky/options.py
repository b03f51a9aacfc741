"""What can be set on the town's Bluesky while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.faults import FaultPlan


@dataclass(slots=True)
class BlueskyOptions:
    """Set any of these at any time, from any thread; the next request sees it.

    `token_life` how long an access token lives. `revoked`: app passwords taken back; tokens already given for them live on until they
    end, as on the real one. `expires`: app password to the instant (of the world's clock) from which tokens made before it are void.
    `codes`: app passwords that are main passwords, and ask for a code sent by mail. `taken_down`: accounts (ids) and posts (addresses)
    that the moderators hid. `gated`: first posts of conversations in which nobody else may answer. `blocks`: (who blocks, whom).
    `allowed` requests in five minutes, `logins` in five minutes and account, `points` an hour and account (a write costs 2, a new one
    3, a deletion 1). `index_lag`: how long everything but the repositories is behind them; `search_lag`: how long search is, when that
    is longer. `ignores_swap`: takes a null swapRecord for none, as some servers that are not Bluesky's own may.
    """

    token_life: timedelta = timedelta(hours=2)
    revoked: set[str] = field(default_factory=set)
    expires: dict[str, datetime] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    taken_down: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    allowed: int = 3_000
    logins: int = 30
    points: int = 5_000
    index_lag: timedelta = timedelta(0)
    search_lag: timedelta = timedelta(0)
    ignores_swap: bool = False
    faults: FaultPlan = field(default_factory=FaultPlan)

    def are_apart(self, one: str, other: str) -> bool:
        """Whether one of two accounts has blocked the other."""
        return (one, other) in self.blocks or (other, one) in self.blocks
