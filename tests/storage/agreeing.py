"""A process of its own that says yes to one proposal: two people at two desks."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from storage.casebook import Casebook
from storage.engine import open_engine
from storage.lifecycle import MovedOn


def agree(url: str, proposal_id: int, by: str, now: str) -> str:
    """The reply's id, or why there is none."""
    engine = open_engine(url)
    casebook = Casebook(engine, key=b"the key of the tests")
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        hold = timedelta(seconds=60)
        told = str(casebook.replies.approve(proposal_id, 1, by, datetime.fromisoformat(now), hold=hold))
    except MovedOn as moved:
        told = moved.why
    engine.dispose()
    return told


if __name__ == "__main__":
    print(agree(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]), flush=True)
