"""Everything the case page shows, gathered from the house once per request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi.responses import HTMLResponse

from desk.web.editing import Editor, account_name, edit, hold_for, our_account, shown_text, site_name
from desk.web.lookalike import imitates
from desk.web.ourreplies import ShownReply, name_of, show_reply
from desk.web.pages import own_page
from desk.web.showing import Piece, mark
from desk.web.visitor import NotFound, Visitor
from storage.casebook.forgotten import is_nameless
from storage.lifecycle import LIVE_CASES, OUTBOX, SPENT_REPLIES, may_move_case
from storage.views import CaseFile, ProposalView, ThreadPost
from storage.words import Brand, CaseState, Purpose, ReachHow, ReplyState

SETTLING = frozenset({ReplyState.APPROVED, ReplyState.SENDING, ReplyState.BY_HAND, ReplyState.UNCERTAIN})
"""While one of these stands, there is nothing else to approve."""


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post of the thread, cut for marking. `imitates` warns of a stranger who looks like us."""

    one: ThreadPost
    pieces: tuple[Piece, ...]
    handle: str
    imitates: bool
    raised: bool
    aside: bool


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another proposed text, signed."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """What `case.html` shows."""

    file: CaseFile
    brand: Brand
    zone: str
    site: str
    account: str
    shop: str
    handle: str
    customer_imitates: bool
    posts: tuple[ShownPost, ...]
    replies: tuple[ShownReply, ...]
    editor: Editor | None
    tucked: bool  # the editor waits behind a line: it is the customer's turn
    alternatives: tuple[Alternative, ...]
    hold: timedelta
    names: dict[int, str]
    mark: str
    may: dict[str, bool]

    @property
    def outbox(self) -> tuple[ShownReply, ...]:
        """Replies not yet settled."""
        return tuple(reply for reply in self.replies if reply.one.state in OUTBOX)

    @property
    def settled(self) -> tuple[ShownReply, ...]:
        """Replies that are or were up."""
        return tuple(reply for reply in self.replies if reply.one.state in (ReplyState.POSTED, ReplyState.REMOVED))

    def who(self, by: str | None) -> str:
        """A person's name for "person:3"."""
        return name_of(by, self.names)


def open_file(visitor: Visitor, case_id: int) -> CaseFile:
    """The case's file. Raises NotFound."""
    file = visitor.house.reading.case(case_id)
    if file is None or file.case.brand not in visitor.house.brands:
        raise NotFound
    return file


def find_proposal(file: CaseFile, proposal_id: int) -> ProposalView | None:
    """One of this turn's proposals."""
    return next((one for one in file.proposals if one.id == proposal_id), None)


def standing_proposals(file: CaseFile) -> list[ProposalView]:
    """What can still be approved in this turn, corrections first: what has been said already is not said again."""
    ours = [one for one in file.proposals if one.turn == file.case.turn]
    said = {(one.purpose, one.text) for one in file.replies if one.state not in SPENT_REPLIES}
    spent = {one.purpose for one in ours if (one.purpose, one.text) in said}
    return sorted((one for one in ours if one.purpose not in spent), key=lambda one: one.purpose is not Purpose.CORRECT)


def show_case(
    visitor: Visitor, file: CaseFile, editor: Editor | None = None, status: int = 200, **more: object
) -> HTMLResponse:
    """The case page; with `editor`, that one instead of the first proposal's."""
    return own_page(visitor, "case.html", status, case=gather(visitor, file, editor), **more)


def gather(visitor: Visitor, file: CaseFile, editor: Editor | None = None) -> CasePage:
    """Read and cut everything the page shows."""
    house, brand = visitor.house, visitor.house.brands[file.case.brand]
    standing = standing_proposals(file)
    asked = editor is not None
    if editor is None and visitor.may_act and may_edit(file) and standing:
        editor = edit(house, file, standing[0], visitor.first_name)
    shop = next((one.name for one in brand.shops if one.key == file.case.shop), "")
    names = house.reading.people_names()
    aside = _aside(file)
    return CasePage(
        file=file,
        brand=brand,
        zone=brand.time_zone,
        site=site_name(house, file.case.place),
        account=our_account(house, brand, file.case.place),
        shop=shop,
        handle=account_name(file.case.place, file.customer.handle),
        customer_imitates=imitates(brand, file.customer.name, file.customer.handle),
        posts=tuple(
            _shown_post(brand, file, one, aside) for one in file.thread if not is_nameless(one.post.author.native_id)
        ),
        replies=tuple(show_reply(house, file, one, visitor.now, names) for one in file.replies),
        editor=editor,
        tucked=not asked and editor is not None and _is_their_turn(file, editor),
        alternatives=_alternatives(visitor, file, standing, editor),
        hold=hold_for(house, brand.key),
        names=names,
        mark=mark_of(file),
        may=_may(visitor, file),
    )


def _is_their_turn(file: CaseFile, editor: Editor) -> bool:
    """Answered, or gone private: another public apology is not the next thing to do. A correction is, once begun."""
    return file.case.state is not CaseState.OPEN and editor.proposal.purpose is not Purpose.CORRECT


def mark_of(file: CaseFile) -> str:
    """Names the state in which somebody saw this case; it changes whenever something on the page did."""
    replies = "-".join(f"{one.id}{one.state.value[:2]}{'r' if one.removal_due_at else ''}" for one in file.replies)
    return f"{file.case.turn}.{file.case.state.value[:2]}.{len(file.proposals)}.{replies}"


def may_edit(file: CaseFile) -> bool:
    """Whether a reply can be approved now."""
    live = file.case.state in LIVE_CASES and not file.customer.do_not_contact
    return live and not any(one.state in SETTLING for one in file.replies)


def _may(visitor: Visitor, file: CaseFile) -> dict[str, bool]:
    state, acts = file.case.state, visitor.may_act and not (file.customer.forgotten or file.case.erased)
    may = {target.value: acts and may_move_case(state, target) for target in CaseState}
    return may | {"act": acts, "snooze": acts and state is CaseState.OPEN}


def _aside(file: CaseFile) -> set[int]:
    """Posts that have nothing to do with this customer: twelve people may complain under one post, and get twelve answers."""
    theirs = [one.post for one in file.thread if one.by == "customer"]
    named = {post.parent_id for post in theirs} | {post.conversation_id for post in theirs}
    own = {name for post in theirs for name in (post.native_id, post.reply_to)}
    strangers = {one.post.native_id for one in file.thread if one.by == "other"}
    return {
        one.id
        for one in file.thread
        if one.post.native_id not in named
        and one.post.parent_id not in own
        and (one.by == "other" or (one.by == "us" and one.post.parent_id in strangers))
    }


def _shown_post(brand: Brand, file: CaseFile, one: ThreadPost, aside: set[int]) -> ShownPost:
    raised = one.id == file.complaint.id
    reasons = file.verdict.reasons if raised and file.verdict else ()
    stranger = one.by != "us"
    return ShownPost(
        one=one,
        pieces=mark(one.post.text, ((reason.start, reason.end, reason.says) for reason in reasons)),
        handle=account_name(one.post.place, one.post.author.handle),
        imitates=stranger and imitates(brand, one.post.author.name, one.post.author.handle),
        raised=raised,
        aside=one.id in aside,
    )


def _alternatives(
    visitor: Visitor, file: CaseFile, standing: list[ProposalView], editor: Editor | None
) -> tuple[Alternative, ...]:
    if editor is None:
        return ()
    brand = visitor.house.brands[file.case.brand]
    texts = [
        Alternative(
            one.id,
            shown_text(one.text, one.made_by, one.language, brand=brand, shop=file.case.shop, name=visitor.first_name),
        )
        for one in standing
        if one.reach.how is not ReachHow.NONE and one.purpose is editor.proposal.purpose
    ]
    return tuple(one for one in texts if one.text != editor.text)
