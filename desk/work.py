"""All work that falls due, in the order in which it is looked for. Each function finds its work in the base and claims it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from desk.alerts.sending import send_alerts
from desk.clock import utc_now
from desk.digest.sending import send_due
from desk.wiring import House, learn_accounts
from monitor.again import look_again_due
from monitor.follow import follow_due
from monitor.judging import judge_each
from monitor.learning.due import learn_due
from monitor.listening import how_to_listen
from monitor.rounds import poll_due
from responders.outbox import Outbox, look_due, post_due, remove_due
from responders.proposing import propose_due
from storage.casebook import DueReply
from storage.engine import BaseUnavailable
from storage.words import Gone, Post

Log = structlog.typing.FilteringBoundLogger


@dataclass(frozen=True, slots=True)
class DueWork:
    """One kind of work. `do` gives how much it did; doing it twice, or in two processes at once, is harmless."""

    name: str
    do: Callable[[House, datetime], int]


def poll(house: House, now: datetime) -> int:
    """Read the sources that are due."""
    return poll_due(house.casebook, house.sources, house.publishers, house.brands, now)


def poll_one(house: House, key: str, now: datetime) -> int:
    """Read one source, if it is due; nothing for one that the settings here do not know."""
    sources = {key: house.sources[key]} if key in house.sources else {}
    return poll_due(house.casebook, sources, house.publishers, house.brands, now)


def follow(house: House, now: datetime) -> int:
    """Look again at the threads of live cases: edits, deletions, answers."""
    return follow_due(house.casebook, house.sources, house.publishers, house.brands, now)


def look_closer(house: House, now: datetime) -> int:
    """Judge again, with both looks, what the first was not sure of or would raise."""
    return look_again_due(house.casebook, house.brands, now) if house.looks_twice else 0


def learn(house: House, now: datetime) -> int:
    """Learn what people's decisions teach."""
    return learn_due(house.casebook, house.brands, house.may_learn, now, deep=house.looks_twice)


def propose(house: House, now: datetime) -> int:
    """Write proposals for cases whose turn has none."""
    return propose_due(house.casebook, house.reading, house.places, house.publishers, house.brands, now)


def post(house: House, now: datetime) -> int:
    """Post the replies whose hold is over."""
    del now  # the outbox asks the clock itself, at each step
    return post_due(open_outbox(house))


def post_for(house: House, account: str, now: datetime) -> int:
    """Post the replies of one account ("rosebakery:x") whose hold is over."""
    del now
    brand, _, place = account.partition(":")
    return post_due(open_outbox(house), (brand, place))


def look(house: House, now: datetime) -> int:
    """Look whether uncertain replies are up."""
    del now
    return look_due(open_outbox(house))


def remove(house: House, now: datetime) -> int:
    """Take down replies that a person wants gone."""
    del now
    return remove_due(open_outbox(house))


def answer_older(house: House, now: datetime) -> int:
    """Raise one older complaint a day for brands whose owner asked for it."""
    return house.casebook.cases.raise_old_due(now)


def forget_health(house: House, now: datetime) -> int:
    """Erase what told of illness or injury and is long done."""
    return house.casebook.forgetting.forget_health(now - house.settings.filter.forget_health_after, now)


def open_outbox(house: House) -> Outbox:
    """The outbox of this house."""
    return Outbox(house.casebook, house.places, house.publishers, partial(look_again, house), utc_now)


def look_again(house: House, due: DueReply, now: datetime) -> None:
    """Bring the answered post up to date in the casebook, where the place lets us look. Raises Unavailable."""
    source = next((one for one in house.sources.values() if (one.brand, one.place) == (due.brand, due.place)), None)
    if source is None:
        return
    brand = house.brands[due.brand]
    news = [one for one in source.again([due.parent.native_id], now).values() if one != due.parent]
    if not news:
        return  # nearly always: nothing to judge, and nothing to write
    gone = [one for one in news if isinstance(one, Gone)]
    judged, _ = judge_each(
        [one for one in news if isinstance(one, Post)], brand, how_to_listen(house.casebook, brand.key)
    )
    house.casebook.rounds.record_again(due.brand, [*gone, *judged], due.place, now)


DUE_WORK: tuple[DueWork, ...] = (
    DueWork("accounts", learn_accounts),
    DueWork("poll", poll),
    DueWork("follow", follow),
    DueWork("again", look_closer),
    DueWork("learn", learn),
    DueWork("propose", propose),
    DueWork("post", post),
    DueWork("look", look),
    DueWork("remove", remove),
    DueWork("older", answer_older),
    DueWork("forget", forget_health),
    DueWork("digest", send_due),
    DueWork("alert", send_alerts),
)


def do_work(work: DueWork, house: House, now: datetime, log: Log) -> int | None:
    """Do one kind of work; None when it failed. A failure is told in the log, the same one at most hourly, and never stops the others."""
    try:
        done = work.do(house, now)
    except BaseUnavailable as unavailable:
        if house.base_trouble.trouble(work.name, unavailable.why):
            log.warning("work waits for the database", work=work.name, why=unavailable.why)
        return None
    except Exception as error:
        if house.mistakes.trouble(work.name, f"{work.name}: {type(error).__name__}: {error}"):
            log.exception("work failed and will be tried again", work=work.name)
        return None
    house.is_well(work.name)
    if done:
        log.info("work done", work=work.name, much=done)
    return done
