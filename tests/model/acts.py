"""What customers and people do, one act a method: done to the product, and noted; what must be refused is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from responders.outbox import clock_was_set
from storage.casebook import Judged
from storage.lifecycle import MovedOn
from storage.reading import Reading
from storage.words import Audience, Author, Batch, Draft, Kind, Post, Purpose, Reach, ReachHow
from tests.model.bases import Base
from tests.model.hands import Hands
from tests.model.notebook import HOLD, IN_HAND, LIVE, SPENT, Case, Note, Notebook
from tests.model.world import BRAND, CORA, DAN, World, judged

One = TypeVar("One")

JUMP = timedelta(seconds=5)
SOURCE = "x:mentions:rosebakery"
PEOPLE = ("person:1", "person:2")
BY_API = Reach(ReachHow.API, "Cora mentioned you.")
BY_HAND = Reach(ReachHow.BY_HAND, "You post it yourself.")


def choose(among: Sequence[One], number: int) -> One:
    """One of them; a small number shrinks to the first."""
    return among[number % len(among)]


@dataclass(frozen=True)
class Proposed:
    """A proposal as the machine remembers it."""

    id: int
    case: Case
    news: int
    purpose: str
    parent: str
    text: str
    by_hand: bool = False
    by_machine: bool = False


@dataclass
class Shop:
    """The shop, the world and the notebook together. `by` is the process, and the person, that acts."""

    world: World
    notebook: Notebook
    base: Base
    proposed: list[Proposed]
    skew: timedelta = timedelta(0)
    texts: int = 0

    def __post_init__(self) -> None:
        self.hands = [Hands(book, self.world, self.notebook, self.clock) for book in self.base.books]

    def clock(self) -> datetime:
        """Our clock: the world's, as far as it goes right."""
        return self.world.now + self.skew

    @property
    def ours(self) -> list[Note]:
        """Replies that were approved here, newest first."""
        return sorted((one for one in self.notebook.notes if not one.outside), key=lambda one: -one.id)

    def person(self, allowed: bool, act: Callable[[], None]) -> None:
        """Somebody acts: it happens, or they are told why not."""
        refused = ""
        try:
            act()
        except MovedOn as moved:
            refused = moved.why
        assert not (allowed and refused), f"refused: {refused}"
        assert allowed or refused, "this should have been refused"

    # What we are shown ------------------------------------------------------------------------------------------------

    def poll(self, shown: list[Post], by: int) -> None:
        """A source is read, and brings these."""
        sources, now = self.hands[by].book.sources, self.clock()
        sources.poll_now(now)
        claimed = sources.claim(SOURCE, now)
        assert claimed is not None, "a source must not stay taken"
        heard = [Judged(post, judged(post)) for post in shown]
        self.hands[by].book.rounds.record(SOURCE, claimed.fence, heard, Batch(tuple(shown), None), now)
        self.notebook.hear(shown, now)

    def follow(self, by: int) -> None:
        """Live cases are looked at again, post by post and then around them."""
        live = [case for case in self.notebook.cases if case.state in LIVE]
        posts = [one for case in live for one in case.posts if not self.notebook.shown[one].gone]
        if posts:
            self.hands[by].show(self.world.again(posts))
        for conversation in sorted({case.conversation for case in live}):
            self.hands[by].show([post for post in self.world.shown() if post.conversation_id == conversation])

    def take_up_an_older_one(self, by: int) -> None:
        """Ana asked for one older complaint a day."""
        book, now, shown = self.hands[by].book, self.clock(), self.notebook.shown.values()
        old = [one for one in shown if one.aside and not one.gone and not self.notebook.answered(one.post.native_id)]
        book.brands.answer_old_one_a_day(BRAND, True, "person:1", now)
        raised = book.cases.raise_old_due(now)
        assert raised <= len(old)
        if raised:
            self.notebook.take_up(max(old, key=lambda one: one.post.created_at))

    # Answers ----------------------------------------------------------------------------------------------------------

    def propose(self, by: int) -> None:
        """The machine proposes for every case that waits for it."""
        has_one = {(one.case.id, one.news) for one in self.proposed if one.by_machine}
        waiting = [
            case
            for case in self.notebook.cases
            if case.state == "open" and case.customer not in self.notebook.wishes and not self.sleeps(case)
            if (case.id, case.news) not in has_one
        ]
        assert set(self.hands[by].book.proposals.due(self.clock())) == {case.id for case in waiting}, (
            "waiting for a proposal"
        )
        for case in waiting:
            said = any(note.state in ("posted", "sending", "uncertain") for note in case.replies)
            self._keep(by, case, "follow_up" if said else "acknowledge", by_machine=True)

    def sleeps(self, case: Case) -> bool:
        """Whether the case is out of sight."""
        return case.asleep is not None and case.asleep > self.clock()

    def write(self, case: Case, purpose: Purpose, by: int, *, by_hand: bool = False) -> None:
        """Somebody writes an answer of their own."""
        self.person(not case.forgotten, lambda: self._keep(by, case, purpose.value, by_hand=by_hand))

    def correct(self, of: Note, by: int) -> None:
        """Somebody writes a correction of a reply."""
        allowed = of.state == "posted" and not of.case.forgotten
        self.person(allowed, lambda: self._keep(by, of.case, "correct", corrects=of))

    def _keep(
        self,
        by: int,
        case: Case,
        purpose: str,
        *,
        by_hand: bool = False,
        by_machine: bool = False,
        corrects: Note | None = None,
    ) -> None:
        book, now = self.hands[by].book, self.clock()
        self.texts += 1
        draft = Draft(f"Sorry, the {self.texts}th", "en", Audience.PUBLIC, Purpose(purpose))
        reach = BY_HAND if by_hand else BY_API
        if by_machine:
            (number,) = book.proposals.store(case.id, case.news, [draft], reach, now)
        else:
            number = book.proposals.write(case.id, draft, reach, now, corrects=corrects.id if corrects else None)
        parent = corrects.parent if corrects else self.notebook.newest(case)
        self.proposed.append(Proposed(number, case, case.news, purpose, parent, draft.text, by_hand, by_machine))

    def approve(self, one: Proposed, by: int, *, seen: int | None = None) -> None:
        """A person's yes, in sight of what they saw."""
        now = self.clock()
        saw = one.case.news if seen is None else seen
        allowed = self.notebook.may_approve(one.case, saw, one.news, one.purpose, one.parent)

        def do() -> None:
            number = self.hands[by].book.replies.approve(one.id, saw, PEOPLE[by], now, hold=HOLD)
            state, words = "by_hand" if one.by_hand else "approved", self.notebook.shown[one.parent].post.text
            one.case.replies.append(
                Note(
                    number,
                    one.case,
                    one.text,
                    one.parent,
                    one.purpose,
                    saw,
                    state,
                    words,
                    now,
                    self.world.now,
                    None,
                    now + HOLD,
                )
            )
            one.case.touch()
            one.case.asleep = None

        self.person(allowed, do)

    # Replies ----------------------------------------------------------------------------------------------------------

    def take_back(self, note: Note, by: int) -> None:
        """Undo."""

        def do() -> None:
            self.hands[by].book.replies.withdraw(note.id, PEOPLE[by], self.clock())
            note.state = "withdrawn"
            note.case.acted()

        self.person(note.state in ("approved", "by_hand", "refused"), do)

    def posted_by_hand(self, note: Note, by: int, *, told: bool = True) -> None:
        """Somebody posted it on the site, and tells us, or forgets to."""
        if note.state == "by_hand":
            self.world.answer_by_app(note.parent, note.text)
            note.done_by_hand = True
        if not told:
            return

        def do() -> None:
            was = note.case.state
            self.hands[by].book.replies.posted_by_hand(note.id, None, PEOPLE[by], self.clock())
            self.notebook.is_up(note, None, self.clock())
            note.case.touched = note.case.touched or note.case.state != was

        self.person(note.state == "by_hand", do)

    def hand_over(self, note: Note, by: int) -> None:
        """Somebody will post by hand what was refused."""
        under = [one for one in self.notebook.notes if one.parent == note.parent]
        taken = any(one.state in IN_HAND or (one.purpose == note.purpose and one.state not in SPENT) for one in under)

        def do() -> None:
            self.hands[by].book.replies.hand_over(note.id, PEOPLE[by], self.clock())
            note.state = "by_hand"
            note.case.acted()

        self.person(note.state == "refused" and not taken, do)

    def look(self, note: Note, by: int) -> None:
        """Somebody looks on the site whether it is there, and says what they see."""
        there = any(one.up and one.made_for == note.id for one in self.world.ours)

        def do() -> None:
            self.hands[by].book.replies.person_says(note.id, there, PEOPLE[by], self.clock())
            if there:
                self.notebook.is_up(note, None, note.sent or self.clock())
            else:
                note.state = "refused"
            note.case.acted()

        self.person(note.state == "uncertain", do)

    def take_down(self, note: Note, by: int) -> None:
        """What is up is to be taken down."""
        now = self.clock()

        def do() -> None:
            self.hands[by].book.removals.approve(note.id, "", PEOPLE[by], now, hold=HOLD)
            note.take_down, note.down = now + HOLD, self.world.now
            note.case.acted()

        self.person(note.state == "posted" and note.native_id is not None and note.take_down is None, do)

    def leave_up(self, note: Note, by: int) -> None:
        """After all it stays."""

        def do() -> None:
            self.hands[by].book.removals.undo(note.id, PEOPLE[by], self.clock())
            note.take_down = None

        self.person(note.state == "posted" and note.take_down is not None and note.taken_until is None, do)

    # Cases ------------------------------------------------------------------------------------------------------------

    def dismiss(self, on: Case, by: int, *, stale: bool = False) -> None:
        """No answer needed."""

        def do() -> None:
            self.hands[by].book.cases.dismiss(on.id, "praise", PEOPLE[by], self.clock(), seen=on.news - stale)
            on.state = "dismissed"
            on.touch()
            on.take_back("approved", "by_hand")

        self.person(on.state in LIVE and not stale, do)

    def resolve(self, on: Case, by: int) -> None:
        """Made good."""

        def do() -> None:
            self.hands[by].book.cases.resolve(on.id, "an old oven", "a new cake", "", PEOPLE[by], self.clock())
            on.state = "resolved"
            on.touch()

        self.person(on.state in LIVE, do)

    def reopen(self, on: Case, by: int) -> None:
        """It needs an answer after all."""
        other = self.notebook.live(on.customer, on.conversation)

        def do() -> None:
            self.hands[by].book.cases.reopen(on.id, "", PEOPLE[by], self.clock())
            on.state, on.thanked = "open", False
            on.touch()
            on.happened()

        self.person(on.state != "open" and not on.forgotten and other in (None, on), do)

    def go_private(self, on: Case, by: int) -> None:
        """It goes on by telephone."""

        def do() -> None:
            self.hands[by].book.cases.offline(on.id, "rang her", PEOPLE[by], self.clock())
            on.state = "offline"
            on.touch()

        self.person(on.state in ("open", "answered"), do)

    def answered_already(self, on: Case, by: int) -> None:
        """Somebody says it was answered in person."""

        def do() -> None:
            self.hands[by].book.cases.already_answered(on.id, PEOPLE[by], self.clock())
            on.take_back("approved", "by_hand")
            on.state = "answered"
            on.touch()

        self.person(on.state == "open", do)

    def snooze(self, on: Case, by: int, hours: int | None) -> None:
        """Out of sight for so many hours; or awake again."""
        until = self.clock() + timedelta(hours=hours) if hours else None
        self.hands[by].book.cases.snooze(on.id, until, PEOPLE[by], self.clock())
        on.asleep, on.snoozed, on.touched = until, self.clock(), True

    def note(self, on: Case, by: int) -> None:
        """A note for colleagues."""

        def do() -> None:
            self.hands[by].book.cases.note(on.id, "she rang", PEOPLE[by], self.clock())
            on.touched = True

        self.person(not on.forgotten, do)

    def read(self, on: Case, by: int) -> None:
        """Somebody has read why they were asked."""
        book = self.hands[by].book
        file = Reading(book.engine).case(on.id)
        assert file is not None
        book.cases.unpark(on.id, PEOPLE[by], self.clock(), file.case.parked_why or "")
        on.touch()

    def wish(self, on: Case, by: int) -> None:
        """The customer wants no more messages."""
        if not on.forgotten:
            file = self.base.reading.case(on.id)
            assert file is not None
            self.hands[by].book.cases.do_not_contact(file.customer.id, PEOPLE[by], self.clock())
            self.notebook.wish(on.customer)

    @staticmethod
    def author(case: Case) -> Author:
        """Whose case it is."""
        return CORA if case.customer.startswith(CORA.native_id) else DAN

    def forget(self, author: Author, by: int, *, wish: bool = False) -> None:
        """Somebody asks to be forgotten."""

        def do() -> None:
            forgetting, now = self.hands[by].book.forgetting, self.clock()
            forgetting.forget("x", author.native_id, PEOPLE[by], now, do_not_contact=wish)
            self.notebook.forget(author.native_id, now, wish=wish)

        if any(one.post.author == author for one in self.notebook.shown.values()):
            self.person(self.notebook.may_forget(author.native_id), do)

    def pause_or_resume(self, by: int) -> None:
        """The pause switch, for all."""
        switch = self.hands[by].book.pauses
        (switch.resume if self.notebook.paused else switch.pause)("*", PEOPLE[by], self.clock())
        self.notebook.paused = not self.notebook.paused

    def notice(self, jump: timedelta = timedelta(0)) -> None:
        """The service that runs looks at the clock and notes the time, as it does before all work. A jump while it was off it does not see."""
        now, hands = self.clock(), self.hands[0]
        jumped = abs(jump) >= JUMP
        if jumped:
            clock_was_set(hands.outbox, jump)
        back = hands.book.clocks.note(now)
        self.notebook.clock_was_set(now, jumped=jumped, back=bool(back))

    def edited_meanwhile(self, by: int) -> None:
        """Cora changes her first post, and we hear of it."""
        self.world.edit(next(iter(self.world.posts)), Kind.COMPLAINT)
        self.poll(self.world.shown(), by)

    def forget_cora(self, by: int) -> None:
        """Cora asks to be forgotten."""
        self.forget(CORA, by)
