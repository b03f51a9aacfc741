"""What a careful person would note down, working alone with pencil and paper: the simple model.

It knows what we were shown and what people did here, never what the platform keeps to itself. Nothing of the product is used but its words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from places.doors import Repeat
from storage.words import Kind, Post, Posted, Purpose
from tests.model.world import CLOCKS_DIFFER, SETTLE, US, Answer, judged

FRESH = timedelta(hours=48)
LEASE = timedelta(seconds=90)
HOLD = timedelta(minutes=1)
LIVE = ("open", "answered", "offline")
SPENT = ("withdrawn", "refused", "removed")
WAITING = ("approved", "by_hand", "refused")
UNKNOWN = ("sending", "uncertain")
IN_HAND = ("approved", "sending", "uncertain", "by_hand")


@dataclass
class Note:
    """A reply. `saw` is what its approver had seen of the case."""

    id: int
    case: Case = field(repr=False)
    text: str
    parent: str
    purpose: str
    saw: int
    state: str
    words: str = ""  # of the post it answers, as its approver read them
    approved: datetime | None = None
    yes: datetime | None = None  # by the world's clock
    down: datetime | None = None  # the yes to taking it down, by the world's clock
    due: datetime | None = None
    sent: datetime | None = None
    look: datetime | None = None
    looks: int = 0
    tries: int = 0
    native_id: str | None = None
    up_at: datetime | None = None
    take_down: datetime | None = None
    taken_until: datetime | None = None
    outside: bool = False
    done_by_hand: bool = False


@dataclass
class Case:
    """A case. `news` counts what must be seen before answering; `told` is whether a person is asked to look."""

    id: int
    customer: str
    conversation: str
    complaint: str
    state: str = "open"
    news: int = 1
    touched: bool = False
    told: bool = False
    lost: bool = False  # what is told is that something approved was not posted
    thanked: bool = False
    asleep: datetime | None = None
    snoozed: datetime | None = None
    forgotten: bool = False
    posts: list[str] = field(default_factory=list)
    replies: list[Note] = field(default_factory=list)

    @property
    def turn(self) -> str:
        """Whose turn it is."""
        return {"open": "ours", "answered": "theirs", "offline": "in private"}.get(self.state, "nobody's")

    def touch(self) -> None:
        self.touched, self.told, self.lost = True, False, False

    def ask(self, *, lost: bool = False) -> None:
        """A person is asked to look."""
        self.told, self.lost = True, lost

    def acted(self) -> None:
        """Somebody acted on one reply: that another one was not posted is still to be read."""
        self.touched, self.told = True, self.told and self.lost

    def happened(self) -> None:
        """Something must be seen before answering: what was held is taken back, and whoever approved it is told."""
        self.news += 1
        self.asleep = None
        waiting = [note for note in self.replies if note.state in ("approved", "by_hand")]
        if waiting:
            self.ask(lost=any(note.state == "approved" for note in waiting))
        for note in waiting:
            if note.state == "approved":
                note.state = "withdrawn"

    def take_back(self, *states: str) -> None:
        """A person's act takes back what waits."""
        for note in self.replies:
            if note.state in states:
                note.state = "withdrawn"


@dataclass
class Shown:
    """A post as we were last shown it."""

    post: Post
    gone: bool = False
    case: Case | None = None
    mention: bool = False
    aside: bool = False
    heard: datetime | None = None  # by our clock, when it became known as a mention


@dataclass
class Notebook:
    """Everything noted so far."""

    repeat: Repeat = Repeat.NEVER
    wrong: list[str] = field(
        default_factory=list
    )  # seen at the platform's door; the product lives on whatever a platform raises
    paused: bool = False
    cases: list[Case] = field(default_factory=list)
    shown: dict[str, Shown] = field(default_factory=dict)
    wishes: set[str] = field(default_factory=set)  # customers who want no more messages
    forgotten_posts: set[str] = field(default_factory=set)
    forgotten_until: dict[str, datetime] = field(default_factory=dict)
    lives: dict[str, int] = field(
        default_factory=dict
    )  # how often somebody was forgotten: each time a stranger comes back
    known: set[str] = field(default_factory=set)  # customers we have heard of
    seen_posts: int = 0
    mentions: int = 0

    @property
    def notes(self) -> list[Note]:
        return [note for case in self.cases for note in case.replies]

    def note(self, reply_id: int) -> Note:
        return next(note for note in self.notes if note.id == reply_id)

    def customer(self, author_id: str) -> str:
        return f"{author_id}#{self.lives.get(author_id, 0)}"

    # What we are shown ------------------------------------------------------------------------------------------------

    def hear(self, posts: list[Post], now: datetime, *, overheard: bool = False) -> None:
        """A poll brings posts; or, `overheard`, a look at a thread does, which raises nothing new."""
        for post in sorted(posts, key=lambda one: (one.created_at, one.parent_id is not None)):
            if not self._is_forgotten(post):
                self._hear(post, now, overheard)

    def _is_forgotten(self, post: Post) -> bool:
        ours_to_them = post.author == US and post.parent_id in self.forgotten_posts
        until = self.forgotten_until.get(post.author.native_id)
        return (
            post.native_id in self.forgotten_posts or ours_to_them or (until is not None and post.created_at <= until)
        )

    def _hear(self, post: Post, now: datetime, overheard: bool) -> None:
        before = self.shown.get(post.native_id)
        changed = before is not None and before.post.text != post.text
        back = before is not None and before.gone and not changed
        shown = self.shown.setdefault(post.native_id, Shown(post))
        shown.post, shown.gone = post, False
        self.seen_posts += before is None
        if post.author == US:
            self._saw_ours(post, before is None)
            return
        first = not shown.mention
        if not first and not changed and not back:
            return
        customer = self.customer(post.author.native_id)
        if overheard and first and self.live(customer, post.conversation_id) is None:
            self.known.add(customer)
            return
        self.mentions += first
        shown.mention, shown.heard = True, shown.heard or now
        self.known.add(customer)
        if not first and shown.case is not None:
            self._changed(shown.case, shown, changed)
            return
        case = self.live(customer, post.conversation_id)
        if case is not None:
            self._wrote(case, post)
            self._belongs(shown, case)
        elif judged(post).kind is not Kind.COMPLAINT:
            shown.aside = False
        elif now - post.created_at > FRESH:
            shown.aside = True
        else:
            self.complain(shown)

    def complain(self, shown: Shown) -> None:
        """A complaint for which there is no live case: a new one, or the old one again."""
        self.take_up(shown)
        for other in sorted(self.shown.values(), key=lambda one: one.post.created_at):
            if other.post.author == US and other.post.parent_id == shown.post.native_id:
                self._saw_ours(other.post, True)

    def take_up(self, shown: Shown) -> None:
        """A complaint becomes a case, or part of its customer's."""
        post = shown.post
        customer = self.customer(post.author.native_id)
        mine = [case for case in self.cases if (case.customer, case.conversation) == (customer, post.conversation_id)]
        live = self.live(customer, post.conversation_id)
        if live is not None:
            case = live
            self._wrote(case, post)
        elif mine:
            case = mine[-1]
            self._again(case)
        else:
            case = Case(len(self.cases) + 1, customer, post.conversation_id, post.native_id)
            self.cases.append(case)
        self._belongs(shown, case)

    def _again(self, case: Case) -> None:
        case.happened()
        case.state, case.thanked, case.touched = "open", False, False

    def _belongs(self, shown: Shown, case: Case) -> None:
        shown.case, shown.aside = case, False
        if shown.post.native_id not in case.posts:
            case.posts.append(shown.post.native_id)

    def live(self, customer: str, conversation: str) -> Case | None:
        """The customer's live case in a conversation."""
        return next(
            (
                one
                for one in self.cases
                if (one.customer, one.conversation) == (customer, conversation) and one.state in LIVE
            ),
            None,
        )

    def _wrote(self, case: Case, post: Post) -> None:
        """The customer of a live case wrote, changed something, or is back: all but thanks asks for a look."""
        case.happened()
        case.thanked = judged(post).kind is Kind.PRAISE
        if not case.thanked and case.state == "answered":
            case.state = "open"

    def _changed(self, case: Case, shown: Shown, edited: bool) -> None:
        complaint = judged(shown.post).kind is Kind.COMPLAINT
        if case.state in LIVE:
            was = case.state
            self._wrote(case, shown.post)
            only = [one for one in case.posts if not self.shown[one].gone] == [case.complaint]
            if not complaint and not case.touched and was == "open" and only and shown.post.native_id == case.complaint:
                case.state = "dismissed"
        elif complaint and (edited or not case.touched):
            self._again(case)

    def vanish(self, native_id: str) -> None:
        """A look shows that a post has gone."""
        shown = self.shown.get(native_id)
        if shown is None or shown.gone:
            return
        shown.gone = True
        case = shown.case
        if case is None or case.state not in LIVE:
            return
        case.happened()
        if all(self.shown[one].gone for one in case.posts):
            if case.state == "open" and not case.touched:
                case.state = "dismissed"
            else:
                case.ask()

    def _saw_ours(self, post: Post, new: bool) -> None:
        """A post of ours: one of our replies, or somebody answered in the site's own app."""
        parent = self.shown.get(post.parent_id or "")
        if parent is None or any(note.native_id == post.native_id for note in self.notes):
            return
        under = [note for note in self.notes if note.parent == post.parent_id]
        mine = [note for note in under if note.native_id is None and self._may_be(note, post)]
        if mine:
            order = ("posted", "uncertain", "by_hand")
            note = min(mine, key=lambda one: (one.text != post.text, order.index(one.state), one.id))
            if note.state == "posted":
                note.native_id = post.native_id
            else:
                self.is_up(note, post.native_id, post.created_at)
            return
        if any(note.state == "sending" for note in under) or parent.case is None or parent.case.state not in LIVE:
            return
        self._answered_outside(parent.case, post, under, new)

    @staticmethod
    def _may_be(note: Note, post: Post) -> bool:
        """Its very words; or written since it may have gone out, and before we were told that it is up."""
        if note.state not in ("posted", "uncertain", "by_hand"):
            return False
        since = note.approved if note.state == "by_hand" else note.sent or note.approved
        late = note.up_at is not None and post.created_at > note.up_at + CLOCKS_DIFFER
        return note.text == post.text or (since is not None and post.created_at >= since - CLOCKS_DIFFER and not late)

    def _answered_outside(self, case: Case, post: Post, under: list[Note], new: bool) -> None:
        taken = {note.purpose for note in under if note.state not in SPENT}
        purpose = next((one.value for one in Purpose if one not in taken), None)
        if purpose is None and not new:
            return
        if purpose is not None:
            outside = Note(
                0, case, "", post.parent_id or "", purpose, case.news, "posted", native_id=post.native_id, outside=True
            )
            case.replies.append(outside)
        since = [self.shown[one] for one in case.posts]
        wrote_since = any(one.post.created_at > post.created_at and not one.gone for one in since)
        if case.state == "open" and not wrote_since:
            case.state, case.told = "answered", False
        case.happened()

    # What people do ---------------------------------------------------------------------------------------------------

    def may_approve(self, case: Case, saw: int, made_at: int, purpose: str, parent: str) -> bool:
        """Whether somebody who saw this much may say yes to a text made at that point."""
        dead = case.state not in LIVE and purpose not in ("close", "correct")
        under = [note for note in self.notes if note.parent == parent]
        taken = any(note.state in IN_HAND or (note.purpose == purpose and note.state not in SPENT) for note in under)
        stale = saw != case.news or made_at != case.news
        return not (case.forgotten or stale or dead or taken or case.customer in self.wishes)

    def newest(self, case: Case) -> str:
        """The customer's newest standing post, which an answer goes under; the complaint when all have gone."""
        standing = [one for one in case.posts if not self.shown[one].gone]
        return max(standing, key=lambda one: self.shown[one].post.created_at, default=case.complaint)

    def remove(self, note: Note) -> None:
        """Our answer was taken down: the customer waits again."""
        note.state, note.take_down, note.taken_until = "removed", None, None
        if note.case.state == "answered":
            note.case.state = "open"
            note.case.happened()

    def wish(self, customer: str) -> None:
        """They want no more messages."""
        self.wishes.add(customer)
        for case in self.cases:
            if case.customer == customer:
                case.take_back("approved", "by_hand")

    def may_forget(self, author_id: str) -> bool:
        theirs = [case for case in self.cases if case.customer == self.customer(author_id)]
        return not any(note.state in UNKNOWN for case in theirs for note in case.replies)

    def forget(self, author_id: str, now: datetime, *, wish: bool) -> None:
        """They asked to be forgotten, and perhaps never to be written to."""
        customer = self.customer(author_id)
        for case in self.cases:
            if case.customer != customer:
                continue
            case.take_back(*WAITING)
            if case.state in LIVE:
                case.state, case.touched = "dismissed", True
            case.news += 1
            case.told, case.asleep, case.forgotten = False, None, True
        mine = {one for one, shown in self.shown.items() if shown.post.author.native_id == author_id}
        answers = {one for one, shown in self.shown.items() if shown.post.author == US and shown.post.parent_id in mine}
        up = {note.native_id for case in self.cases if case.customer == customer for note in case.replies}
        self.forgotten_posts |= mine | answers | {one for one in up if one is not None and one in self.shown}
        for one in mine:
            self.shown[one].aside = False
        written = [min(self.shown[one].post.created_at, now) for one in mine]
        if written:
            self.forgotten_until[author_id] = max(*written, self.forgotten_until.get(author_id, written[0]))
        asked = wish or customer in self.wishes
        self.lives[author_id] = self.lives.get(author_id, 0) + 1
        if asked:
            self.wishes |= {customer, self.customer(author_id)}

    # What the machine does --------------------------------------------------------------------------------------------

    def is_up(self, note: Note, native_id: str | None, at: datetime) -> None:
        """A reply is up: an open case is answered, unless something happened since it was approved."""
        note.state, note.native_id, note.up_at = "posted", native_id, at
        if note.case.state == "open" and note.case.news == note.saw:
            note.case.state, note.case.told = "answered", False

    def may_go_out(self, note: Note, now: datetime) -> bool:
        """Whether a reply may be posted, as far as anybody here knows."""
        case, parent = note.case, self.shown[note.parent]
        held = note.state == "approved" and note.due is not None and note.due <= now
        stands = (
            not parent.gone and parent.post.text == note.words and case.news == note.saw and case.state != "dismissed"
        )
        return held and stands and not self.paused and case.customer not in self.wishes and not case.forgotten

    def settle(self, note: Note, answer: Answer, posted: Posted | None, now: datetime) -> None:
        """What a request came to."""
        note.taken_until = None
        if answer in (Answer.DONE, Answer.DONE_WITHOUT_ID):
            assert posted is not None
            self.is_up(note, posted.native_id, posted.at)
        elif answer in (Answer.REFUSED, Answer.BY_HAND):
            note.state = "by_hand" if answer is Answer.BY_HAND else "refused"
            note.case.ask()
        elif answer in (Answer.LIMITED, Answer.DOWN, Answer.NO_KEY):
            note.state = "approved"
        else:
            note.state, note.look, note.looks = "uncertain", now + SETTLE, 0

    def clock_was_set(self, now: datetime, *, jumped: bool, back: bool) -> None:
        """What was planned under another clock begins anew."""
        for note in self.notes:
            if jumped and note.state == "uncertain" and note.look is not None:
                note.looks, note.look = 0, now + SETTLE
        if not back:
            return
        for case in self.cases:
            if case.asleep is not None and case.asleep > now and case.snoozed is not None and case.snoozed > now:
                case.asleep = now + (case.asleep - case.snoozed)
                case.snoozed = now
        for shown in sorted(self.shown.values(), key=lambda one: one.post.created_at):
            fresh = shown.post.created_at > now - FRESH and shown.heard is not None and shown.heard > now
            if shown.aside and fresh and not shown.gone and not self.answered(shown.post.native_id):
                self.take_up(shown)

    def answered(self, native_id: str) -> bool:
        """Whether an answer of ours under this post is known."""
        up = any(note.parent == native_id and note.state == "posted" for note in self.notes)
        return up or any(one.post.parent_id == native_id and one.post.author == US for one in self.shown.values())

    def nothing_there(self, note: Note, now: datetime) -> None:
        """A look found nothing."""
        note.looks += 1
        keyed = self.repeat is Repeat.KEYED
        if not keyed and note.looks < 2:
            note.look = now + SETTLE
        elif self.repeat is not Repeat.NEVER and note.tries < 2:
            note.state, note.due, note.look = "approved", now, None
        else:
            note.look = None
            note.case.ask()
