"""The judge looks from outside: at what stands in the town, and only then at what our tables say of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.world import WorldPost
from storage.casebook.chain import verify
from storage.views import CaseFile, ReplyView
from storage.words import Origin, ReplyState
from tests.hands.house import Street
from tests.hands.people import NAMES, Answer

SOMEBODY = rf"(?:You|{'|'.join(NAMES)})"
WHEN = r"(?:at|on \d+ \w+(?: \d+)? at) \d\d:\d\d"
TOLD = (
    rf"{SOMEBODY} (?:dismissed|closed|opened|marked|took|said|approved) .*{WHEN}\.(?: Open it again to answer\.)?",
    rf"{SOMEBODY} was quicker, {WHEN}: a reply to this post .* It will not be sent twice\.",
    rf"{SOMEBODY} was quicker: .* That was {WHEN}\.",
    rf"You already said yes to a reply to this post, {WHEN}\. It will not be sent twice\.",
    r"The customer wrote, edited or deleted something, or an answer was seen on the site, since you looked\. .*",
    r"This text was proposed before the customer moved on\. .*",
    rf"At {WHEN.removeprefix('(?:at|')[-9:]}: .*",
    rf"Too late to undo: it went out {WHEN}\. You can take it down\.",
    r"Too late to undo: it is already going out\. You can take it down\.",
)
"""What somebody who came second may be told: who or what was first, and when."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found at the end."""

    approved: int
    posted: int
    taken_back: int
    told: int


def check_answers(answers: Iterable[Answer]) -> None:
    """Nobody saw an error page; the losers heard who or what was first."""
    for answer in answers:
        assert answer.status in (303, 409), (answer, answer.body[-600:])
        assert "locked" not in answer.body, answer
        if answer.status == 409:
            assert any(re.fullmatch(told, answer.why) for told in TOLD), answer


def check_log(log: str) -> None:
    """No process had trouble with the base or met an error of ours."""
    lines = [line for line in log.splitlines() if re.search(r"locked|error|Traceback|database|failed|deadlock", line)]
    assert lines == [], lines[:10]


def judge(street: Street) -> Verdict:
    """At most one post per approval and never two for one complaint; nothing approved is lost; the history holds."""
    files = [file for file in (street.house.reading.case(case_id) for case_id in all_cases(street)) if file]
    up: dict[str, list[WorldPost]] = {}
    for post in street.world.posts("x", author_id=street.ours):
        up.setdefault(str(post.parent_id), []).append(post)
    told = told_to_people(street)
    counts = {"approved": 0, "posted": 0, "taken_back": 0, "told": 0}
    for file in files:
        root = street.world.post("x", file.complaint.post.native_id)
        assert root is not None
        found = [post for version in root.history for post in up.pop(version, [])]
        assert len(found) <= 1, ("doubled", file.case.id, [post.text for post in found])
        sent = [one for one in file.replies if one.origin is not Origin.OUTSIDE and one.state is ReplyState.POSTED]
        assert [one.text for one in sent] == [post.text for post in found], ("not what was approved", file.case.id)
        for reply in file.replies:
            counts["approved"] += 1
            counts[ending(file, reply, told)] += 1
    assert not up, ("somewhere else", up)
    assert verify(street.house.engine, street.house.casebook.key) == ()
    return Verdict(**counts)


def all_cases(street: Street) -> list[int]:
    """Every case there is."""
    from storage.words import CaseState

    now = street.people[0].now()
    return [row.case_id for row in street.house.reading.in_state(list(CaseState), now, limit=10**6).rows]


def told_to_people(street: Street) -> set[int]:
    """Cases that stand on one of the lists that ask a person."""
    now = street.people[0].now()
    lists = street.house.reading.lists(now, limit=10**6)
    waiting = street.house.reading.inbox(now, limit=10**6).rows
    return {row.case_id for rows in (lists.parked, lists.by_hand, waiting) for row in rows}


def tell(file: CaseFile) -> str:
    """All that happened in a case, for whoever has to find out why."""
    moves = [f"{m.at:%H:%M:%S.%f} {m.who} {m.thing} {m.thing_id} {m.was} -> {m.now_is}: {m.why}" for m in file.history]
    replies = [f"reply {one.id} {one.state}, seen in turn {one.seen_turn}" for one in file.replies]
    return "\n".join(
        ["", *moves, *replies, f"case {file.case.id} {file.case.state}, turn {file.case.turn}, {file.case.parked_why}"]
    )


def ending(file: CaseFile, reply: ReplyView, told: set[int]) -> str:
    """How an approved reply ended. Raises AssertionError when nobody would ever know."""
    if reply.state is ReplyState.POSTED:
        return "posted"
    moves = list(file.history)
    if reply.state is ReplyState.WITHDRAWN:
        last = max(n for n, move in enumerate(moves) if (move.thing, move.thing_id) == ("reply", reply.id))
        if moves[last].who.startswith("person:"):
            return "taken_back"
        # The machine took it back. Later somebody decided about the case, in sight of that, or it is on a list.
        decided = any(move.who.startswith("person:") and move.was != move.now_is for move in moves[last + 1 :])
        assert file.case.id in told or decided, ("nobody was told", tell(file))
        return "told"
    assert file.case.id in told, ("lost", tell(file))
    return "told"
