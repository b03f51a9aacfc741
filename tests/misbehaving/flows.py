"""What a shop does all day, each as: what has to be there, the doing of it, and how it must stand in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.faults import CUT, Done, Fault
from storage.engine import BaseUnavailable
from storage.lifecycle import MovedOn
from storage.words import CaseState, ReplyState
from tests.misbehaving.counter import AT_ONCE, SETTLING, Counter

POST = r"/2/tweets$"


@dataclass(frozen=True)
class Flow:
    """`ready` makes a thing to do it to, `do` does it once (a tick, or what a page does), `check` says what must hold when all is well.

    `again` goes on as a service does that runs on: time passes, and the ticks come. `at_once` customers are heard together, which is
    quick; but where every live case is looked at, many would take long.
    """

    name: str
    ready: Callable[[Counter], Any]
    do: Callable[[Counter, Any], object]
    check: Callable[[Counter, Any], None]
    again: Callable[[Counter, Any], object]
    at_once: int = AT_ONCE

    def __repr__(self) -> str:
        return self.name


def _later(*works: str, ticks: int = 1) -> Callable[[Counter, Any], object]:
    def go_on(shop: Counter, _thing: Any) -> object:
        return [shop.work(*works, after=SETTLING) for _ in range(ticks)]

    return go_on


def _unheard(shop: Counter) -> str:
    native_id = shop.write()
    shop.house.casebook.sources.poll_now(datetime.now(UTC))
    return native_id


def _heard_once(shop: Counter, native_id: str) -> None:
    assert shop.case_of(native_id) is not None


def _unproposed(shop: Counter) -> int:
    native_id = shop.write()
    shop.house.casebook.sources.poll_now(datetime.now(UTC))
    shop.work("poll")
    case_id = shop.case_of(native_id)
    assert case_id is not None
    return case_id


def _has_proposals(shop: Counter, case_id: int) -> None:
    file = shop.house.reading.case(case_id)
    assert file is not None
    assert file.proposals
    assert len({(one.turn, one.alternative, one.revision) for one in file.proposals}) == len(file.proposals)


def _approve(shop: Counter, case_id: int) -> None:
    try:
        shop.approve(case_id)
    except MovedOn:
        return  # pressed a second time
    except BaseUnavailable as refused:
        shop.log.append({"event": "the page said", "why": refused.why, "log_level": "page"})


def _is_approved(shop: Counter, case_id: int) -> None:
    file = shop.house.reading.case(case_id)
    assert file is not None
    assert [one.state for one in file.replies] == [ReplyState.APPROVED]
    shop.house.casebook.replies.withdraw(file.replies[0].id, "command", datetime.now(UTC))


def _approve_unless_done(shop: Counter, case_id: int) -> None:
    file = shop.house.reading.case(case_id)
    assert file is not None
    if not file.replies:
        _approve(shop, case_id)


def _due(shop: Counter) -> tuple[int, int]:
    case_id = shop.complain()
    return case_id, shop.approve(case_id)


def _is_up_once(shop: Counter, thing: tuple[int, int]) -> None:
    case_id, reply_id = thing
    assert shop.up(case_id) == [shop.text_of(reply_id)]
    assert shop.state_of(reply_id) is ReplyState.POSTED
    file = shop.house.reading.case(case_id)
    assert file is not None
    assert file.case.state is CaseState.ANSWERED


def _doubtful(shop: Counter) -> tuple[int, int]:
    shop.faults.add(Fault("POST", POST, Done.FIRST, CUT))
    case_id, reply_id = _due(shop)
    shop.work("post")
    assert shop.state_of(reply_id) is ReplyState.UNCERTAIN
    shop.clock.shift(SETTLING)
    return case_id, reply_id


def _to_take_down(shop: Counter) -> tuple[int, int]:
    case_id, reply_id = _due(shop)
    shop.work("post")
    shop.house.casebook.removals.approve(reply_id, "", "command", datetime.now(UTC), hold=timedelta(0))
    return case_id, reply_id


def _is_down(shop: Counter, thing: tuple[int, int]) -> None:
    case_id, reply_id = thing
    assert shop.up(case_id) == []
    assert shop.state_of(reply_id) is ReplyState.REMOVED


def _deleted(shop: Counter) -> tuple[int, int]:
    case_id, reply_id = _due(shop)
    file = shop.house.reading.case(case_id)
    assert file is not None
    shop.world.delete("x", file.complaint.post.native_id)
    shop.clock.shift(timedelta(minutes=6))  # live cases are looked at every five
    return case_id, reply_id


def _is_taken_back(shop: Counter, thing: tuple[int, int]) -> None:
    case_id, reply_id = thing
    assert shop.up(case_id) == []
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN
    assert shop.parked(case_id)
    shop.house.casebook.cases.dismiss(case_id, "other", "command", datetime.now(UTC))


FLOWS = (
    Flow("poll", _unheard, lambda shop, _: shop.work("poll"), _heard_once, _later("poll")),
    Flow("propose", _unproposed, lambda shop, _: shop.work("propose"), _has_proposals, _later("propose")),
    Flow("approve", Counter.complain, _approve, _is_approved, _approve_unless_done),
    Flow("post", _due, lambda shop, _: shop.work("post"), _is_up_once, _later("post", "look", ticks=2)),
    Flow("look", _doubtful, lambda shop, _: shop.work("look"), _is_up_once, _later("look", ticks=2)),
    Flow("remove", _to_take_down, lambda shop, _: shop.work("remove"), _is_down, _later("remove")),
    Flow("follow", _deleted, lambda shop, _: shop.work("follow"), _is_taken_back, _later("follow", ticks=2), at_once=3),
)  # fmt: skip
