"""How well we listen, in the owner's words: what was raised and how much of it was real, what may have been missed, and what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk.web import says
from desk.web.charts import name_week, undecided
from desk.web.editing import account_name, site_name
from desk.web.house import House
from desk.web.lookalike import imitates
from desk.web.ourreplies import name_of
from desk.web.visitor import NotFound, Visitor
from monitor.filter.by_both import LINE
from monitor.filter.first_look import first_look
from monitor.filter.learned import Learned
from monitor.learning.account import MONTH, Account, Setting, Week, take_account
from monitor.learning.fitting import FEWEST as FEWEST_DECISIONS
from monitor.learning.lines import FEWEST as FEWEST_MENTIONS
from monitor.learning.teaching import LATELY, MOST_HEARD, MOST_LESSONS
from monitor.learning.words import Telling, tell_words
from monitor.listening import NO_LOOK, how_to_listen, looks
from storage.lifecycle import LIVE_CASES
from storage.views import Hearing, JudgedMention, Lesson
from storage.words import Brand, Kind

_PASTED = "paste"  # a person brought it in: it says nothing of how well we listen
_BY_OURSELVES = "machine"
_SHOWN_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A mention worth a word from the owner. `seen` is the turn of its case as shown, None when it has none that waits."""

    one: JudgedMention
    site: str
    handle: str
    imitates: bool
    seen: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One place of the slider: `real` of `number` raised in a day or a week are expected to be, and so many are `missed` in a month.
    `per_day` None: as many as there are; what that comes to is known while it is in effect, else `number` is 0."""

    per_day: float | None
    rate: str
    number: int
    real: int
    missed: int
    in_effect: bool

    @property
    def says(self) -> str:
        """All of it in a sentence: "About 5 a day: 4 of them real; about 2 a month missed."."""
        real = "all of them" if self.real == self.number else f"{self.real or 'none'} of them"
        return f"{self.rate}: {real} real; {f'about {self.missed:,} a month' if self.missed else 'hardly any'} missed."


@dataclass(frozen=True, slots=True)
class ShownWeek:
    """A week by its first day."""

    one: Week
    name: str
    undecided: int


@dataclass(frozen=True, slots=True)
class Version:
    """A way of listening that was in effect once, or is now."""

    one: Hearing
    by: str
    in_effect: bool


@dataclass(frozen=True, slots=True)
class ListeningPage:
    """What `listening.html` shows of one brand."""

    brand: Brand
    told: tuple[str, ...]
    doubtful: tuple[Doubtful, ...]
    choices: tuple[Choice, ...]
    present: Choice
    place: int
    too_few: str
    weeks: tuple[ShownWeek, ...]
    learned: tuple[str, ...]
    telling: Telling
    silent_sites: tuple[str, ...]
    versions: tuple[Version, ...]

    @property
    def has_weeks(self) -> bool:
        """Whether there is anything to plot."""
        return any(week.one.raised for week in self.weeks)

    @property
    def plotted(self) -> str:
        """The plot in words."""
        raised, real = sum(week.one.raised for week in self.weeks), sum(week.one.real for week in self.weeks)
        weeks = says.count(len(self.weeks), "week", "weeks")
        return f"Bars for the last {weeks}: {raised:,} raised, {real:,} of them real. The same stands in figures below."


def choose(house: House, key: str) -> Brand:
    """The brand that is asked for, or the first. Raises NotFound."""
    brand = house.brands.get(key) if key else next(iter(house.brands.values()), None)
    if brand is None:
        raise NotFound
    return brand


def gather(visitor: Visitor, brand: Brand) -> ListeningPage:
    """Read what the page shows."""
    house, now = visitor.house, visitor.now
    heard = read_heard(house, brand.key, now)
    learned = how_to_listen(house.casebook, brand.key)
    account = take_account(heard, learned, line_of(learned, heard), now)
    hearings = house.casebook.hearings.all(brand.key)
    lessons = house.casebook.hearings.lessons(brand.key, MOST_LESSONS)
    asked = hearings[0].per_day if hearings else None
    judged = sum(bool(one.first) for one in heard)
    enough = judged >= FEWEST_MENTIONS
    sites = {site_name(house, one.post.place) for one in lessons if not house.may_learn(one.post.place)}
    return ListeningPage(
        brand=brand,
        told=tell(account, _days_told(heard, now)),
        doubtful=tuple(_show(visitor, brand, one) for one in account.borderline),
        choices=_choices(account, asked) if enough else (),
        present=_present(account, asked, foretold=enough),
        place=_place(account, asked),
        too_few=_too_few(account, asked, judged),
        weeks=tuple(
            ShownWeek(one, name_week(one.begins, brand.time_zone), undecided(one))
            for one in whole_weeks(account.weeks, heard)
        ),
        learned=_tell_learned(hearings, lessons, learned, brand.time_zone),
        telling=tell_words(lessons, learned.first.get(Kind.COMPLAINT), brand, house.may_learn),
        silent_sites=tuple(sorted(sites)),
        versions=_versions(house, hearings),
    )


def read_heard(house: House, brand: str, now: datetime) -> tuple[JudgedMention, ...]:
    """What we raised or left aside by ourselves, newest first. A case that a person found counts as missed, one that we took back as never
    raised, and what customers added to their cases, or people pasted, not at all."""
    since = now - LATELY
    raised = house.reading.who_raised(brand, since)
    found = []
    for one in house.casebook.hearings.heard(brand, since, MOST_HEARD):
        if one.case_id is None:
            found.append(one)
        elif one.place != _PASTED and one.mention_id in raised:
            found.append(one if raised[one.mention_id] == _BY_OURSELVES else replace(one, case_id=None))
    return tuple(found)


def line_of(learned: Learned, heard: Sequence[JudgedMention]) -> float:
    """From which share on a mention is raised, by the looks that judged what was heard."""
    if any(one.second for one in heard):
        return LINE if learned.line_both is None else learned.line_both
    if learned.line_first is not None:
        return learned.line_first
    return LINE if looks(deep=False) == NO_LOOK else first_look().line


# --- how well ----------------------------------------------------------------------------------------


def tell(account: Account, days: int) -> tuple[str, ...]:
    """The account in one to three plain sentences, over so many last days."""
    when = f"in the last {f'{days} days' if days > 1 else 'day'}"
    if not account.mentions:
        return (f"We heard nothing about you {when}.",)
    return (*_tell_raised(account, when), *_tell_missed(account))


def _tell_raised(account: Account, when: str) -> tuple[str, ...]:
    raised, decided = account.raised, account.real + account.not_real
    if not raised:
        heard = says.count(account.mentions, "mention", "mentions")
        return (f"We heard {heard} {when}, and raised none of them.",)
    if not decided:
        return (f"We raised {raised:,} {when}. Nobody has decided anything about {_them(raised)} yet.",)
    if decided == raised:
        return (f"Of {raised:,} we raised {when}, {account.real:,} {_were(account.real)} real.",)
    return (
        f"We raised {raised:,} {when}. Of the {decided:,} you decided about, {account.real:,} {_were(account.real)} real.",
    )


def _tell_missed(account: Account) -> tuple[str, ...]:
    missed, found = round(account.missed), account.told_missed
    maybe = f"We may have missed about {missed:,}." if missed else "We probably missed none."
    if not found:
        return (maybe,)
    more = f"we may have missed about {missed:,} more" if missed else "we probably missed no others"
    return (f"You found {found:,} that we had missed; {more}.",)


def _them(number: int) -> str:
    return "it" if number == 1 else "them"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _days_told(heard: Sequence[JudgedMention], now: datetime) -> int:
    """How many days the counts reach back: a month, or as far as the newest mentions go that we read."""
    month = MONTH // timedelta(days=1)
    if len(heard) < MOST_HEARD:
        return month
    return min(month, max((now - _oldest(heard)) // timedelta(days=1), 1))


def _oldest(heard: Sequence[JudgedMention]) -> datetime:
    return min(one.found_at for one in heard)


def whole_weeks(weeks: Sequence[Week], heard: Sequence[JudgedMention]) -> tuple[Week, ...]:
    """Weeks of which we know everything: not those before the first mention, nor those that the newest mentions do not reach back to."""
    if not heard:
        return ()
    oldest, week = _oldest(heard), timedelta(weeks=1)
    if len(heard) < MOST_HEARD:
        return tuple(one for one in weeks if one.begins + week >= oldest)
    return tuple(one for one in weeks if one.begins >= oldest)


def _show(visitor: Visitor, brand: Brand, one: JudgedMention) -> Doubtful:
    house, seen = visitor.house, None
    file = house.reading.case(one.case_id) if one.case_id is not None else None
    if file is not None and file.case.state in LIVE_CASES:
        seen = file.case.turn
    handle = account_name(one.place, one.handle)
    return Doubtful(one, site_name(house, one.place), handle, imitates(brand, one.name, one.handle), seen)


# --- how much ----------------------------------------------------------------------------------------


def _choices(account: Account, asked: float | None) -> tuple[Choice, ...]:
    return tuple(_choice(one, in_effect=one.per_day == asked) for one in account.settings)


def _choice(one: Setting, *, in_effect: bool) -> Choice:
    times = 1 if one.per_day >= says.BY_THE_DAY else 7
    number = round(one.per_day * times)
    real = round(one.real / one.raised * number) if one.raised else 0
    return Choice(one.per_day, says.rate(one.per_day), number, real, round(one.missed), in_effect)


def _present(account: Account, asked: float | None, *, foretold: bool) -> Choice:
    """As many as there are: what that comes to, as long as it is in effect."""
    if asked is not None or not foretold:
        return Choice(None, says.rate(None), 0, 0, 0, in_effect=asked is None)
    return replace(_choice(account.now, in_effect=True), per_day=None)


def _place(account: Account, asked: float | None) -> int:
    """Where the slider stands: at what was asked for, else nearest to what is raised now."""
    rates = [one.per_day for one in account.settings]
    wanted = account.now.raised if asked is None else asked
    return min(range(len(rates)), key=lambda at: abs(rates[at] - wanted), default=0)


def _too_few(account: Account, asked: float | None, judged: int) -> str:
    """Why there is nothing to choose from, or why what was asked for is not among it."""
    if judged < FEWEST_MENTIONS:
        days = LATELY // timedelta(days=1)
        return f"There is nothing to choose yet: we need {FEWEST_MENTIONS} mentions to go by, and heard {judged} in the last {days} days."
    if asked is not None and all(one.per_day != asked for one in account.settings):
        return f"{says.rate(asked)} is what you asked for. So few are heard now that it says little."
    return ""


# --- what was learned --------------------------------------------------------------------------------


def _tell_learned(
    hearings: Sequence[Hearing], lessons: Sequence[Lesson], learned: Learned, zone: str
) -> tuple[str, ...]:
    if not lessons:
        return ("Nothing yet. Whatever you decide about a mention, here or in the inbox, teaches Amends.",)
    last = next((one.at for one in hearings if one.by == _BY_OURSELVES), None)
    when = (
        f", the last time on {says.clock(last, zone)}" if last else "; they are being learnt, which takes a few minutes"
    )
    told = [f"From {says.count(len(lessons), 'decision', 'decisions')}{when}."]
    if len(lessons) < FEWEST_DECISIONS:
        told.append(f"From about {FEWEST_DECISIONS} on, single words begin to count too.")
    elif not learned.first and not learned.both:
        told.append("They tell too little apart for single words to count; more of them will help.")
    return tuple(told)


def _versions(house: House, hearings: Sequence[Hearing]) -> tuple[Version, ...]:
    names = house.reading.people_names()
    return tuple(
        Version(one, name_of(one.by, names), in_effect=at == 0) for at, one in enumerate(hearings[:_SHOWN_VERSIONS])
    )
