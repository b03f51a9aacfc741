"""Scenes: how things stand when a run begins, made by the service's own work and by what people do in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache

from desk.web.passwords import hash_password
from sandbox.faults import Answer, Done, Fault
from sandbox.mishaps import POSTING, mishap
from storage.lifecycle import MovedOn
from storage.words import ReachHow
from torture.shop import OWNER, POLL_EVERY
from torture.sites import BRAND, KEY
from torture.stage import Stage
from torture.works import do

PASSWORD = "a long word of Ana's"  # noqa: S105 - it opens nothing
NEW_PASSWORD = "a longer word of Ana's"  # noqa: S105 - nor does this
SOME = 24
"""Complaints in the scenes with many."""

APART = timedelta(seconds=40)
"""So long after one another the answers of such a scene fall due: a few at a time."""

CUSTOMERS = ("cora", "dan", "elena", "farid", "grete", "hugo")
ANA_ID = 1
ANA = f"person:{ANA_ID}"
OVERHEARD = 2
"""The mention that raised no case, in the scenes that have one."""

WENT_WRONG = (
    "my cake came two hours late, terrible",
    "the bread was burnt again, awful",
    "I waited forty minutes & nobody cared, terrible service",
    "stale rolls, worst bakery ever 😡",
    "my order never arrived and nobody answers, unacceptable",
    "the croissant was cold and the coffee was disgusting",
)

SORRY = (
    "We are sorry the cake came late. That was our fault. Please message us and we will put it right.",
    "That should not have happened, & we are sorry. Write to us at hello@rosebakery.example?",
    "Sorry, truly. *We* burnt it_, [you] paid for it: 100% ours. Please tell us which shop it was.",
    "🙏 We are sorry. 👨‍👩‍👧 A new cake is on us; message us and we will bring it to you.",
    "We're sorry.\n\nThat was our mistake. Please write to us, so that we can make it good.\nAna, Rose Bakery",
    "క్షమించండి. మా తప్పు. దయచేసి మాకు సందేశం పంపండి, మేము సరిచేస్తాము.",
    "Простите нас, пожалуйста. Это наша вина. Напишите нам, и мы всё исправим.",
    "Ne pare rău # așa nu se face. Scrieți-ne > și reparăm greșeala.",
)
"""Texts that a platform could spoil on the way: signs of Markdown and of HTML, line ends, emoji of many parts, other alphabets."""


@cache
def password_hash() -> str:
    """Ana's password as it is kept; made once, since making it is slow on purpose."""
    return hash_password(PASSWORD)


def move_in(stage: Stage) -> None:
    """Ana opens the bakery here. Nobody has said anything yet."""
    casebook, now = stage.house.casebook, stage.now
    casebook.brands.sync([BRAND], now)
    casebook.people.add(OWNER, "Ana", "owner", password_hash(), now)
    for source in stage.house.sources.values():
        casebook.sources.ensure(source.key, source.brand, source.place, POLL_EVERY, now)
    stage.town.account()


def complain(stage: Stage, number: int, of: str = "") -> str:
    """A customer complains on the platform, `of` something of our choice; gives the post's id there."""
    who = CUSTOMERS[number % len(CUSTOMERS)]
    text = f"@{KEY} {of or WENT_WRONG[number % len(WENT_WRONG)]} at Rose Bakery ({number})"
    town = stage.town
    title = f"Rose Bakery {number}" if town.site.board else ""
    return town.world.publish(town.place, town.account(who), text, title=title, board=town.site.board).id


def work_through(stage: Stage, *names: str) -> None:
    """The service's own work, undisturbed and right here."""
    for name in names:
        do(name, stage.house, stage.town.clock)


def sorry(number: int) -> str:
    """A text that stands for itself among all others of a scene."""
    return f"{SORRY[number % len(SORRY)]} (№ {number})"


def approve_all(stage: Stage, hold: timedelta = timedelta(0), apart: timedelta = timedelta(0)) -> int:
    """Ana says yes to an answer of her own to everybody who waits; gives how many. Each is held `apart` longer than the one before."""
    house, now, done = stage.house, stage.now, 0
    for row in house.reading.inbox(now, limit=10_000).rows:
        if row.proposal_id is None or (row.reach is not None and row.reach.how is not ReachHow.API):
            continue
        revised = house.casebook.proposals.revise(row.proposal_id, sorry(row.case_id), (), ANA, now)
        house.casebook.replies.approve(revised, row.turn, ANA, now, hold=hold + done * apart)
        done += 1
    return done


def many_approved(stage: Stage, many: int = SOME) -> None:
    """Many complaints, each with an answer that is approved; the first is due."""
    move_in(stage)
    for number in range(many):
        complain(stage, number)
        stage.pass_time(timedelta(seconds=20))
    work_through(stage, "accounts", "poll", "propose")
    approved = approve_all(stage, apart=APART)
    if approved != many:
        raise MovedOn(f"of {many} complaints {approved} could be answered")
    stage.pass_time(timedelta(seconds=1))


def one_raised(stage: Stage, *, old: timedelta = timedelta(0)) -> None:
    """Cora complains, and her case is open. Nothing is proposed yet."""
    move_in(stage)
    complain(stage, 0)
    stage.pass_time(timedelta(minutes=1) + old)
    work_through(stage, "accounts", "poll")


def one_proposed(stage: Stage) -> None:
    """There is a proposal."""
    one_raised(stage)
    work_through(stage, "propose")


def one_approved(stage: Stage) -> None:
    """Ana has said yes, and nothing holds the answer any more."""
    one_proposed(stage)
    approve_all(stage)
    stage.pass_time(timedelta(seconds=1))


def one_held(stage: Stage) -> None:
    """Ana has said yes a moment ago."""
    one_proposed(stage)
    approve_all(stage, timedelta(minutes=10))


def one_paused(stage: Stage) -> None:
    """Ana has said yes, and nothing is posted at all for now."""
    one_held(stage)
    stage.house.casebook.pauses.pause("*", ANA, stage.now)


def one_up(stage: Stage) -> None:
    """The answer is up."""
    one_approved(stage)
    work_through(stage, "post")


def one_leaving(stage: Stage) -> None:
    """The answer is up, and Ana wants it taken down in a moment."""
    one_up(stage)
    stage.house.casebook.removals.approve(1, "wrong shop", ANA, stage.now, hold=timedelta(minutes=1))


def one_dismissed(stage: Stage) -> None:
    """Ana has put the case aside."""
    one_proposed(stage)
    stage.house.casebook.cases.dismiss(1, "other", ANA, stage.now)


def one_by_hand(stage: Stage) -> None:
    """The answer is for Ana to post herself."""
    one_approved(stage)
    _refuse(stage, b'{"detail": "You can only reply where the author mentioned or otherwise engaged you."}')


def one_refused(stage: Stage) -> None:
    """The platform wants no answer there."""
    one_approved(stage)
    _refuse(stage, b'{"detail": "You attempted to reply to a Tweet that is deleted or not visible to you."}')


def _refuse(stage: Stage, says: bytes) -> None:
    stage.town.faults.add(Fault(*POSTING[stage.town.place], Done.NEVER, Answer(403, says)))
    work_through(stage, "post")
    stage.town.calm()


def one_unsure(stage: Stage) -> None:
    """Nobody knows whether the answer went out, and Ana is asked. It did not."""
    one_approved(stage)
    stage.town.faults.add(*mishap("error_before", stage.town.place))
    work_through(stage, "post")
    stage.town.calm()
    for _ in range(3):
        stage.pass_time(timedelta(minutes=6))
        work_through(stage, "look")


def one_overheard(stage: Stage) -> None:
    """Cora's case is open; Dan praised the bakery, which raised none."""
    one_raised(stage)
    town = stage.town
    title = "Rose Bakery" if town.site.board else ""
    town.world.publish(
        town.place,
        town.account("dan"),
        f"@{KEY} lovely bread at Rose Bakery, thank you!",
        title=title,
        board=town.site.board,
    )
    stage.pass_time(POLL_EVERY)
    work_through(stage, "poll")
    where = stage.house.reading.where_is(OVERHEARD)
    if where is None or where.case_id is not None:
        raise MovedOn(f"Dan's praise should have raised nothing: {where}")


def one_told(stage: Stage) -> None:
    """The same; Ana said what Dan's was, and how much she wants to see."""
    one_overheard(stage)
    hearings = stage.house.casebook.hearings
    hearings.tell(OVERHEARD, None, ANA, stage.now)
    hearings.ask_per_day(KEY, 2, ANA, stage.now)
    hearings.ask_per_day(KEY, None, ANA, stage.now)


ONE_CASE: Mapping[str, Callable[[Stage], None]] = {
    "raised": one_raised,
    "proposed": one_proposed,
    "approved": one_approved,
    "held": one_held,
    "paused": one_paused,
    "up": one_up,
    "leaving": one_leaving,
    "dismissed": one_dismissed,
    "by hand": one_by_hand,
    "refused": one_refused,
    "unsure": one_unsure,
    "overheard": one_overheard,
    "told": one_told,
}
"""Scenes with a single case, number 1, and a single reply, number 1. Those in which a platform refuses or is doubted speak X's language."""
