"""Everything the inbox shows, gathered from the house once per request."""

from __future__ import annotations

from dataclasses import dataclass

from desk.freshness import by_site, silences
from desk.web.editing import account_name, button_words, our_account, shop_of, shown_text, site_name
from desk.web.house import House
from desk.web.lookalike import imitates
from desk.web.visitor import NotFound, Visitor
from storage.views import InboxRow
from storage.words import Audience, Brand, ReachHow

PAGE = 30


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One case in a list. `answer` is the proposal as it would go out, `button` what the one button says."""

    one: InboxRow
    brand: Brand
    site: str
    handle: str
    shop: str
    imitates: bool
    answer: str
    button: str
    seconds_left: int

    @property
    def may_post(self) -> bool:
        """Whether the row itself can offer the one click: there is a text, and nothing in it asks for a change."""
        reach = self.one.reach
        return bool(self.answer) and reach is not None and reach.how is not ReachHow.NONE and not self.blocked

    @property
    def blocked(self) -> bool:
        """Whether a finding asks for a change first."""
        return any(finding.blocks for finding in self.one.findings)


@dataclass(frozen=True, slots=True)
class Older:
    """The question about one brand's older complaints. `yes` is None while it has not been answered."""

    brand: Brand
    number: int
    yes: bool | None


@dataclass(frozen=True, slots=True)
class Section:
    """One list with its heading; shown only when there is something in it."""

    key: str
    title: str
    told: str
    rows: tuple[ShownRow, ...]


@dataclass(frozen=True, slots=True)
class InboxPage:
    """What `inbox.html` shows."""

    brand: str
    after: int
    total: int
    sections: tuple[Section, ...]
    waiting: tuple[ShownRow, ...]
    snoozed: tuple[ShownRow, ...]
    older: tuple[Older, ...]
    blind: tuple[str, ...]

    @property
    def query(self) -> str:
        """The filter, for links to other pages of the list."""
        return f"&brand={self.brand}" if self.brand else ""

    @property
    def before(self) -> int | None:
        """Where the page before this one begins."""
        return max(self.after - PAGE, 0) if self.after else None

    @property
    def next(self) -> int | None:
        """Where the next page begins."""
        return self.after + PAGE if self.after + PAGE < self.total else None

    @property
    def is_quiet(self) -> bool:
        """Whether nobody needs anything."""
        return not self.total and not self.sections


def gather(visitor: Visitor, brand: str, after: int) -> InboxPage:
    """Read what the inbox shows. Raises NotFound for a brand that we do not know."""
    house, now = visitor.house, visitor.now
    if brand and brand not in house.brands:
        raise NotFound
    chosen = brand or None
    inbox = house.reading.inbox(now, chosen, PAGE, after)
    return InboxPage(
        brand=brand,
        after=after,
        total=inbox.total,
        sections=_sections(visitor, chosen) if not after else (),
        waiting=show_rows(visitor, inbox.rows),
        snoozed=show_rows(visitor, house.reading.snoozed(now, chosen)) if not after else (),
        older=_older(visitor, chosen) if not after else (),
        blind=tuple(one.tell(_zone(house), now) for one in by_site(silences(house, now))),
    )


def _zone(house: House) -> str:
    """The owner's clock, as far as pages know it: the first brand's."""
    return next((brand.time_zone for brand in house.brands.values()), "UTC")


def _sections(visitor: Visitor, brand: str | None) -> tuple[Section, ...]:
    lists = visitor.house.reading.lists(visitor.now, brand)
    sections = (
        Section("by-hand", "You post these", "Approved; the site only lets a person post them.", show_rows(visitor, lists.by_hand)),
        Section("parked", "These need a look from you", "Something happened that we cannot decide.", show_rows(visitor, lists.parked)),
        Section("held", "Going out soon", "Approved. You can still take them back.", show_rows(visitor, lists.held)),
        Section("ready", "Ready to close", "They thanked you. Write down what you learned.", show_rows(visitor, lists.ready_to_close)),
    )  # fmt: skip
    return tuple(section for section in sections if section.rows)


def _older(visitor: Visitor, brand: str | None) -> tuple[Older, ...]:
    reading = visitor.house.reading
    asked = [one for one in visitor.house.brands.values() if brand in (None, one.key)]
    found = [Older(one, reading.older_complaints(one.key, visitor.now), reading.old_answer(one.key)) for one in asked]
    return tuple(one for one in found if one.number and one.yes is not False)


def show_rows(visitor: Visitor, rows: tuple[InboxRow, ...]) -> tuple[ShownRow, ...]:
    """Rows with everything in words; those of brands that are no longer ours are left out."""
    return tuple(_show(visitor, one) for one in rows if one.brand in visitor.house.brands)


def _show(visitor: Visitor, one: InboxRow) -> ShownRow:
    house, brand = visitor.house, visitor.house.brands[one.brand]
    shop = shop_of(brand, one.shop)
    site = site_name(house, one.place)
    left = (one.reply_due_at - visitor.now).total_seconds() if one.reply_due_at else 0.0
    return ShownRow(
        one=one,
        brand=brand,
        site=site,
        handle=account_name(one.place, one.handle),
        shop=shop.name if shop else "",
        imitates=imitates(brand, one.name, one.handle),
        answer=_answer(visitor, one, brand),
        button=_button(house, one, brand, site),
        seconds_left=max(int(left), 0),
    )


def _answer(visitor: Visitor, one: InboxRow, brand: Brand) -> str:
    if one.proposal is None or one.proposal_by is None:
        return ""
    return shown_text(one.proposal, one.proposal_by, one.language, brand=brand, shop=one.shop, name=visitor.first_name)


def _button(house: House, one: InboxRow, brand: Brand, site: str) -> str:
    if one.reach is None:
        return ""
    account = our_account(house, brand, one.place)
    return button_words(one.reach, Audience.PUBLIC, account, site, has_link=one.url is not None)
