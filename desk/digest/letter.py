"""What stands in a digest: unanswered complaints, gravest and oldest first, and everything else in two lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from desk.freshness import by_site, recent_windows, silences, tell_window
from desk.web.lookalike import imitates
from desk.web.showing import reveal, reveal_name
from responders.proposals import sign
from storage.views import InboxRow
from storage.words import CaseState

if TYPE_CHECKING:
    from desk.wiring import House

LARGEST = 95_000
"""Bytes of HTML. Gmail cuts a mail off at about 102 kB, and a digest that is cut off has lost its end."""
LONGEST_PROPOSAL = 1_200
MOST_WINDOWS = 3
URGENCY = {4: "now", 3: "today", 2: "soon", 1: "can wait"}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One complaint as the digest shows it. Every text is made safe to show; `link` opens the case's page."""

    who: str
    not_you: bool  # the name reads like the brand's own
    site: str
    brand: str
    urgency: str
    grave: bool
    waiting: str
    says: str
    proposal: str
    link: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be sent. `waiting` is how many complaints are unanswered; the subject holds nobody's words but ours.

    `blind`: something is silent, so that a digest in which nobody waits must not be taken for good news.
    """

    subject: str
    html: str
    text: str
    waiting: int
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the templates are filled with."""

    heading: str
    date: str
    entries: tuple[Entry, ...]
    more: int
    also: str
    so_far: str
    blind: tuple[str, ...]
    was_blind: tuple[str, ...]
    inbox: str
    practice: bool


def count(number: int, one: str, many: str) -> str:
    """ "1 reply", "3 replies"."""
    return f"{number:,} {one if number == 1 else many}"


def tell_wait(waiting: timedelta) -> str:
    """How long somebody has waited, in the largest whole unit."""
    minutes = max(0, int(waiting.total_seconds() // 60))
    if minutes < 60:
        return count(minutes, "minute", "minutes")
    if minutes < 48 * 60:
        return count(minutes // 60, "hour", "hours")
    return count(minutes // (24 * 60), "day", "days")


def write_letter(house: House, recipient: str, now: datetime) -> Letter:
    """The digest for one recipient as of `now`; under 100 kB however much there is to tell."""
    inbox = house.reading.inbox(limit=house.settings.digest.most, now=now)
    name = _first_name(house, recipient)
    entries = tuple(_entry(house, row, name) for row in inbox.rows)
    sheet = Sheet(
        heading=_heading(inbox.total),
        date=_date(now, house.settings.digest_zone),
        entries=entries,
        more=inbox.total - len(entries),
        also=_also(house, now),
        so_far=_so_far(house, now),
        blind=tuple(reveal(one.tell(house.settings.digest_zone, now)) for one in by_site(silences(house, now))),
        was_blind=_was_blind(house, now),
        inbox=f"{house.settings.service.base_url}/",
        practice=house.settings.demo,
    )
    html = _render(sheet)
    while len(html.encode("utf-8", "replace")) > LARGEST and sheet.entries:
        fewer = sheet.entries[: len(sheet.entries) * 3 // 4]
        sheet = replace(sheet, entries=fewer, more=inbox.total - len(fewer))
        html = _render(sheet)
    text = _templates.get_template("digest.txt").render(sheet=sheet)
    return Letter(f"Amends: {sheet.heading}", html, text, inbox.total, bool(sheet.blind))


def _was_blind(house: House, now: datetime) -> tuple[str, ...]:
    """The last day's windows, a sentence each; two sources that were blind for the same time and reason are one."""
    told = (tell_window(house, one, house.settings.digest_zone, now) for one in recent_windows(house, now))
    return tuple(reveal(one) for one in dict.fromkeys(told))[:MOST_WINDOWS]


def _render(sheet: Sheet) -> str:
    return _inliner.inline(_templates.get_template("digest.html").render(sheet=sheet))


def _heading(waiting: int) -> str:
    if waiting == 0:
        return "nobody waits for an answer"
    return count(waiting, "customer waits for an answer", "customers wait for an answer")


def _date(now: datetime, zone: str) -> str:
    local = now.astimezone(ZoneInfo(zone))
    return f"{local:%A}, {local.day} {local:%B %Y}"


def _first_name(house: House, recipient: str) -> str:
    person = house.casebook.people.by_email(recipient)
    return person.name.split()[0] if person and person.name.split() else ""


def _entry(house: House, row: InboxRow, name: str) -> Entry:
    brand = house.brands[row.brand]
    shop = next((shop for shop in brand.shops if shop.key == row.shop), None)
    proposal = sign(row.proposal, brand=brand, shop=shop, name=name, language=row.language) if row.proposal else ""
    if len(proposal) > LONGEST_PROPOSAL:
        proposal = proposal[:LONGEST_PROPOSAL].rsplit(" ", 1)[0] + " … (whole on its page)"
    return Entry(
        who=reveal_name(row.name or row.handle or "Somebody"),
        not_you=imitates(brand, row.name, row.handle),
        site=house.site(row.place),
        brand=brand.name if len(house.brands) > 1 else "",
        urgency=URGENCY[row.urgency],
        grave=row.urgency >= 3,
        waiting=tell_wait(row.waiting),
        says=reveal(row.text),
        proposal=reveal(proposal),
        link=f"{house.settings.service.base_url}/cases/{row.case_id}",
    )


def _also(house: House, now: datetime) -> str:
    lists = house.reading.lists(now=now)
    told = [
        (len(lists.by_hand), "reply for you to post by hand", "replies for you to post by hand"),
        (len(lists.parked), "reply that needs your decision", "replies that need your decision"),
        (len(lists.held), "reply on its way out", "replies on their way out"),
        (len(lists.ready_to_close), "case ready to close", "cases ready to close"),
    ]
    parts = [count(number, one, many) for number, one, many in told if number]
    return f"Also: {', '.join(parts)}." if parts else "Nothing else needs you."


def _so_far(house: House, now: datetime) -> str:
    counts = house.reading.counts(now=now)
    cases = counts.cases
    return (
        f"So far: {count(counts.mentions, 'mention', 'mentions')} read, "
        f"{cases.get(CaseState.ANSWERED, 0):,} answered and waiting for the customer, "
        f"{cases.get(CaseState.OFFLINE, 0):,} in private, {cases.get(CaseState.RESOLVED, 0):,} made good."
    )
