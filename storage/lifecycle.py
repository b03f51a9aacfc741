"""The two life cycles, as two dicts that everybody reads.

`docs/states.md` is generated from here and the database's CHECK constraints are built from here.
"""

from __future__ import annotations

from storage.words import CaseState, ReplyState

CASE_MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.ANSWERED, CaseState.OFFLINE, CaseState.RESOLVED, CaseState.DISMISSED}),
    CaseState.ANSWERED: frozenset({CaseState.OPEN, CaseState.OFFLINE, CaseState.RESOLVED, CaseState.DISMISSED}),
    CaseState.OFFLINE: frozenset({CaseState.OPEN, CaseState.RESOLVED, CaseState.DISMISSED}),
    CaseState.RESOLVED: frozenset({CaseState.OPEN}),
    CaseState.DISMISSED: frozenset({CaseState.OPEN}),
}

REPLY_MOVES: dict[ReplyState, frozenset[ReplyState]] = {
    ReplyState.APPROVED: frozenset({ReplyState.SENDING, ReplyState.WITHDRAWN}),
    ReplyState.SENDING: frozenset({ReplyState.POSTED, ReplyState.APPROVED, ReplyState.REFUSED, ReplyState.UNCERTAIN}),
    ReplyState.UNCERTAIN: frozenset({ReplyState.POSTED, ReplyState.APPROVED, ReplyState.REFUSED}),
    ReplyState.BY_HAND: frozenset({ReplyState.POSTED, ReplyState.WITHDRAWN}),
    ReplyState.REFUSED: frozenset({ReplyState.BY_HAND, ReplyState.WITHDRAWN}),
    ReplyState.POSTED: frozenset({ReplyState.REMOVED}),
    ReplyState.WITHDRAWN: frozenset(),
    ReplyState.REMOVED: frozenset(),
}

REPLY_BIRTHS: frozenset[ReplyState] = frozenset({ReplyState.APPROVED, ReplyState.BY_HAND, ReplyState.POSTED})
"""A reply is born by approval, by hand, or seen outside (already posted)."""

LIVE_CASES: frozenset[CaseState] = frozenset({CaseState.OPEN, CaseState.ANSWERED, CaseState.OFFLINE})
"""At most one live case per brand, customer and conversation."""

SPENT_REPLIES: frozenset[ReplyState] = frozenset({ReplyState.WITHDRAWN, ReplyState.REFUSED, ReplyState.REMOVED})
"""Replies that leave room for another under the same parent and purpose."""

OUTBOX: frozenset[ReplyState] = frozenset(
    {
        ReplyState.APPROVED,
        ReplyState.SENDING,
        ReplyState.UNCERTAIN,
        ReplyState.BY_HAND,
        ReplyState.REFUSED,
    }
)
"""Replies not yet settled."""


class MovedOn(Exception):
    """What you acted on is no longer as you saw it: somebody else acted, or the customer wrote, edited or deleted.

    `why` is a sentence for the person ("Ben already answered this, 2 minutes ago.").
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Paused(MovedOn):
    """Posting is paused; nothing was done."""


def may_move_case(old: CaseState, new: CaseState) -> bool:
    """Whether a case may go from `old` to `new`."""
    return new in CASE_MOVES[old]


def may_move_reply(old: ReplyState, new: ReplyState) -> bool:
    """Whether a reply may go from `old` to `new`."""
    return new in REPLY_MOVES[old]


def check_case_move(old: CaseState, new: CaseState) -> None:
    """Raise MovedOn when the life cycle has no such move."""
    if not may_move_case(old, new):
        raise MovedOn(f"A case that is {old} cannot become {new}.")


def check_reply_move(old: ReplyState, new: ReplyState) -> None:
    """Raise MovedOn when the life cycle has no such move."""
    if not may_move_reply(old, new):
        raise MovedOn(f"A reply that is {old} cannot become {new}.")
