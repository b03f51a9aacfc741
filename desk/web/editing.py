"""The editor: a proposed text as the person sees it, signed, measured and checked, and the one button that sends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from desk.openers import TITLES
from desk.web.house import House
from desk.web.showing import Piece, mark
from places.doors import Place
from responders.check import NEVER_OVERRULED, check, leave_out_invitation
from responders.proposals import sign
from storage.views import CaseFile, ProposalView
from storage.words import Audience, Brand, Finding, Length, Reach, ReachHow, Shop

BY_PEOPLE = frozenset({"paste", "import"})
"""Places that are no site: what people brought in themselves."""


@dataclass(frozen=True, slots=True)
class Editor:
    """What the editor shows. `kept` are a person's own words that another text has just replaced.

    `opens_with` is the customer's name where it goes in front of the answer and is no part of it ("@cora"), else "".
    """

    proposal: ProposalView
    text: str
    length: Length
    findings: tuple[Finding, ...]
    pieces: tuple[Piece, ...]
    button: str
    site: str
    account: str
    reach: Reach
    invite: bool
    has_invitation: bool
    kept: str = ""
    opens_with: str = ""

    @property
    def blocked(self) -> bool:
        """Whether a finding asks for a change before this goes out."""
        return any(finding.blocks for finding in self.findings)

    @property
    def may_anyway(self) -> bool:
        """Whether "post anyway" may be offered."""
        return self.blocked and not any(finding.code in NEVER_OVERRULED for finding in self.findings)

    @property
    def by_hand(self) -> bool:
        """Whether a person posts it on the site."""
        return self.reach.how is ReachHow.BY_HAND


def place_of(house: House, name: str) -> Place:
    """The place of this name; what people pasted from elsewhere is measured as plain text."""
    return house.places.get(name) or house.places["paste"]


def site_name(house: House, place: str) -> str:
    """What the owner calls the place: "X", "the site" for what was pasted without saying where from."""
    if place in BY_PEOPLE:
        return "the site"
    known = house.places.get(place)
    return known.capabilities.title if known else TITLES.get(place, place)


def account_name(place: str, handle: str) -> str:
    """An account as the place writes it: "@rosebakery", "u/rosebakery"."""
    handle = handle.removeprefix("@").removeprefix("u/")
    if not handle:
        return ""
    return f"u/{handle}" if place == "reddit" else f"@{handle}"


def our_account(house: House, brand: Brand, place: str) -> str:
    """Our own account on the place, as the place writes it, or the brand's name where there is none."""
    publisher = house.publishers.get((brand.key, place))
    handle = publisher.account if publisher else brand.handles.get(place, "")
    return account_name(place, handle) or brand.name


def opens_with(house: House, file: CaseFile, audience: Audience) -> str:
    """The customer's name as it stands in front of a public answer, where the place wants it there; "" elsewhere."""
    addresses = place_of(house, file.case.place).capabilities.addresses and audience is Audience.PUBLIC
    name = file.last.post.author.handle.removeprefix("@").partition("@")[0]
    return f"@{name}" if addresses and name else ""


def shop_of(brand: Brand, key: str | None) -> Shop | None:
    """The branch of this key."""
    return next((shop for shop in brand.shops if shop.key == key), None)


def shown_text(text: str, made_by: str, language: str, *, brand: Brand, shop: str | None, name: str) -> str:
    """The text as it will go out: what the machine drafted is signed by who looks at it, what a person wrote stays."""
    if made_by != "parts":
        return text
    return sign(text, brand=brand, shop=shop_of(brand, shop), name=name, language=language)


def measure_for(house: House, place: str, audience: Audience) -> Callable[[str], Length]:
    """Counts a text as the place does."""
    there = place_of(house, place)
    return lambda text: there.measure(text, audience)


def button_words(reach: Reach, audience: Audience, account: str, site: str, *, has_link: bool) -> str:
    """What the one button says: exactly what it does."""
    if reach.how is ReachHow.BY_HAND:
        return f"Copy the reply and open {site}" if has_link else "Copy the reply"
    if audience is Audience.PRIVATE:
        return f"Send privately as {account} on {site}"
    return f"Post publicly as {account} on {site}"


def edit(
    house: House,
    file: CaseFile,
    proposal: ProposalView,
    name: str,
    *,
    text: str | None = None,
    invite: bool = True,
    kept: str = "",
) -> Editor:
    """The editor with this proposal, or with `text` in its stead, for a person who signs as `name`."""
    brand, place = house.brands[file.case.brand], file.case.place
    if text is None:
        text = shown_text(
            proposal.text, proposal.made_by, proposal.language, brand=brand, shop=file.case.shop, name=name
        )
    account, site = our_account(house, brand, place), site_name(house, place)
    findings = find(house, file, proposal, text, invite=invite)
    without = leave_out_invitation(text, proposal.language, brand)
    return Editor(
        proposal=proposal,
        text=text,
        length=place_of(house, place).measure(text, proposal.audience),
        findings=findings,
        pieces=mark(text, ((one.start, one.end, one.says) for one in findings)),
        button=button_words(proposal.reach, proposal.audience, account, site, has_link=file.last.post.url is not None),
        site=site,
        account=account,
        reach=proposal.reach,
        invite=invite,
        has_invitation=without != text,
        kept=kept,
        opens_with=opens_with(house, file, proposal.audience),
    )


def find(house: House, file: CaseFile, proposal: ProposalView, text: str, *, invite: bool) -> tuple[Finding, ...]:
    """What the apology check says of this very text."""
    return check(
        text,
        proposal.language,
        brand=house.brands[file.case.brand],
        measure=measure_for(house, file.case.place, proposal.audience),
        invite=invite,
        complaint=file.last.post.text,
    )


def uninvited(house: House, file: CaseFile, proposal: ProposalView, text: str) -> str:
    """The text without its invitation to go private."""
    return leave_out_invitation(text, proposal.language, house.brands[file.case.brand])


def hold_for(house: House, brand: str) -> timedelta:
    """How long an approved reply of this brand waits for undo."""
    posting = house.settings.posting
    early = house.reading.approved_so_far(brand) < posting.first_replies
    return posting.first_hold if early else posting.hold
