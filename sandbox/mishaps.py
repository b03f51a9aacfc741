"""What can befall the one request that posts, by name, the same names on every platform; and what befalls reading.

`plan.add(*mishap("reset_after", "x"))` makes X carry out the next post and reset the line instead of answering. What is asked for
here is only what the network and the servers do; what a client should make of it follows from what it can know:

- SURELY_NOT: the client can tell that nothing was posted, and may try again when the platform says so.
- the others: it cannot tell, whatever really happened, and has to look before it does anything else.

CARRIED_OUT says what really happened. Lists that lag, and posts that are edited or deleted meanwhile, are no faults of one request:
they are `index_lag` and `search_lag` of each platform's options, and `World.edit`, `World.delete`.

Four platforms, four ways to find out whether a post is up:

=========  ==========================  ==============================  ======================  ==============================
place      a repeat of the request     looking reads                   which may lag           so the machine may repeat
=========  ==========================  ==============================  ======================  ==============================
x          403 "duplicate" for a day,  our own timeline                index_lag (real: 30 s)  never: a person decides
           naming no id
reddit     makes a second comment      our own page of comments        index_lag, profile_lag  once, after two empty looks
mastodon   the same post, within an    the replies under the parent,   index_lag               under the same key, within the
           hour, by Idempotency-Key    and our own posts                                       hour, after looking
bluesky    the same record, for ever,  the record itself, by its key   not at all              under the same key, any time
           by its fixed key
=========  ==========================  ==============================  ======================  ==============================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.faults import (
    CUT,
    DRIP,
    DRIP_HEAD,
    EMPTY,
    GARBAGE,
    HALF,
    LAST,
    NOTHING,
    Answer,
    Done,
    Fault,
    Shown,
    Told,
)
from sandbox.noes import NOES, Noes

POSTING: Mapping[str, tuple[str, str]] = {
    "x": ("POST", r"^/2/tweets(\?|$)"),
    "reddit": ("POST", r"^/api/comment/?(\?|$)"),
    "mastodon": ("POST", r"^/api/v1/statuses(\?|$)"),
    "bluesky": ("POST", r"^/xrpc/com\.atproto\.repo\.putRecord(\?|$)"),
}
"""Place to the one request that posts: its method, and a pattern for its path?query."""

READING = ("GET", r"")
"""Every platform is read by GET alone."""

RENEWING: Mapping[str, tuple[tuple[str, str, Answer], ...]] = {
    "reddit": (("POST", r"^/api/v1/access_token", Answer(200, b'{"error": "invalid_grant"}')),),
    "bluesky": (
        ("POST", r"^/xrpc/com\.atproto\.server\.refreshSession(\?|$)", NOES["bluesky"].revoked),
        (
            "POST",
            r"^/xrpc/com\.atproto\.server\.createSession(\?|$)",
            Answer(401, b'{"error": "AuthenticationRequired", "message": "Invalid identifier or password"}'),
        ),
    ),
}
"""Where keys are renewed, and what is answered there once they were taken back."""

LATE = 1.5
"""Seconds after which a late request is carried out, unless told otherwise; a test's client has given up by then."""

Happens = Callable[[Noes], tuple[Done, Shown]]

_HAPPENS: Mapping[str, Happens] = {
    "reset_before": lambda _: (Done.NEVER, CUT),
    "reset_after": lambda _: (Done.FIRST, CUT),
    "silent_before": lambda _: (Done.NEVER, NOTHING),
    "silent_after": lambda _: (Done.FIRST, NOTHING),
    "error_before": lambda noes: (Done.NEVER, noes.down),
    "error_after": lambda noes: (Done.FIRST, noes.down),
    "late": lambda _: (Done.LATER, NOTHING),
    "late_error": lambda noes: (Done.LATER, noes.down),
    "limited": lambda noes: (Done.NEVER, Told(noes.limited)),
    "limited_bare": lambda noes: (Done.NEVER, noes.limited_bare),
    "cut_short": lambda _: (Done.FIRST, HALF),
    "empty": lambda _: (Done.FIRST, EMPTY),
    "garbage": lambda _: (Done.FIRST, GARBAGE),
    "drip": lambda _: (Done.FIRST, DRIP),
    "drip_head": lambda _: (Done.FIRST, DRIP_HEAD),
    "expired": lambda noes: (Done.NEVER, noes.expired),
    "revoked": lambda noes: (Done.NEVER, noes.revoked),
}

REFUSED = "refused"
NAMES: tuple[str, ...] = (REFUSED, *_HAPPENS)
"""Every mishap there is."""

SURELY_NOT = frozenset({REFUSED, "limited", "limited_bare", "expired", "revoked"})
"""Mishaps after which a client can know that nothing was posted, now or later."""

CARRIED_OUT = frozenset(name for name, happens in _HAPPENS.items() if happens(NOES["x"])[0] is not Done.NEVER)
"""Mishaps of requests that were carried out all the same."""


def mishap(name: str, place: str, *, times: int | None = 1, skip: int = 0, delay: float = LATE) -> tuple[Fault, ...]:
    """Faults that make `name` befall the request that posts to `place`. Raises KeyError for a name or a place unknown.

    `times` and `skip` as in Fault. `delay`: seconds until a late request is carried out. "refused" cannot befall a request that has
    arrived: see `refusing_after`, of which this is the form that strikes after any reading, and `Served.refusing`.
    """
    if name == REFUSED:
        return refusing_after(*READING, times=times, skip=skip)
    return _befalls(name, place, *POSTING[place], times=times, skip=skip, delay=delay)


def reading_mishap(
    name: str, place: str, path: str = READING[1], *, times: int | None = 1, skip: int = 0
) -> tuple[Fault, ...]:
    """The same on whatever reads from `place` (polls, looks), or only on what `path` is found in. Raises KeyError."""
    if name == REFUSED:
        return refusing_after(READING[0], path, times=times, skip=skip)
    return _befalls(name, place, READING[0], path, times=times, skip=skip, delay=LATE)


def refusing_after(
    method: str, path: str, *, times: int | None = 1, skip: int = 0, seconds: float = 0.0
) -> tuple[Fault, ...]:
    """The request that matches gets its true answer; from then on nothing listens, and every connection is refused.

    So the next request, whatever it is, finds nobody. It lasts until the plan is cleared, or for `seconds`.
    """
    return (Fault(method, path, Done.FIRST, LAST, times=times, skip=skip, delay=seconds),)


def _befalls(
    name: str, place: str, method: str, path: str, *, times: int | None, skip: int, delay: float
) -> tuple[Fault, ...]:
    done, seen = _HAPPENS[name](NOES[place])
    late = delay if done is Done.LATER else 0.0
    faults = [Fault(method, path, done, seen, times=times, skip=skip, delay=late)]
    if name == "revoked":
        faults += [
            Fault(to_renew, where, Done.NEVER, says, times=times) for to_renew, where, says in RENEWING.get(place, ())
        ]
    return tuple(faults)
