"""What can be set on the town's Mastodon while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.faults import FaultPlan

KEYS_KEPT = timedelta(hours=1)
"""How long Mastodon remembers an Idempotency-Key (its API documentation)."""


@dataclass(slots=True)
class MastodonOptions:
    """Set any of these at any time, from any thread; the next request sees it.

    `domain`: the instance's own address in handles. `version` and `api_version` are what it says of itself; `by_ids`: whether it looks
    up several statuses at once (4.3 and newer), `searches`: whether it has full-text search (without, it finds nothing and says
    nothing), `has_search`: whether there is an endpoint at all. `max_characters` and `characters_reserved_per_url`: its limits.
    `allowed` requests in `window` and token. `revoked`: tokens that no longer work; `expires`: token to the instant from which it no
    longer works; `scopes`: token to what it may do, where that is not everything. `blocks`: (who blocks, whom) by account id;
    `suspended`: account ids.
    Lags: `index_lag` of notifications and timelines, `search_lag` of search, `replica_lag` of whatever else is read (none, unless the
    instance reads from a second database).
    `keys_kept`: how long an Idempotency-Key is remembered, zero for not at all. `keys_late`: how long after a post was made its key
    begins to count (mastodon#21840: a slow store doubles posts). `repeats_fail`: a repeat is answered with 500 instead of the
    first status (mastodon#40399).
    """

    domain: str = "town.example"
    version: str = "4.7.3"
    api_version: int = 9
    by_ids: bool = True
    searches: bool = True
    has_search: bool = True
    max_characters: int = 500
    characters_reserved_per_url: int = 23
    allowed: int = 300
    window: timedelta = timedelta(minutes=5)
    revoked: set[str] = field(default_factory=set)
    expires: dict[str, datetime] = field(default_factory=dict)
    scopes: dict[str, set[str]] = field(default_factory=dict)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    index_lag: timedelta = timedelta(0)
    search_lag: timedelta = timedelta(0)
    replica_lag: timedelta = timedelta(0)
    keys_kept: timedelta = KEYS_KEPT
    keys_late: timedelta = timedelta(0)
    repeats_fail: bool = False
    faults: FaultPlan = field(default_factory=FaultPlan)
