"""The product's hands in the machine: two processes on one base, the outbox run for real, and every door listened at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from places.doors import Refused, Unavailable, Unsure
from responders.outbox import Outbox
from storage.casebook import Casebook, DueReply, Judged
from storage.words import Gone, Post, Posted, Reply
from tests.model.notebook import HOLD, LEASE, Note, Notebook
from tests.model.world import BRAND, SETTLE, Answer, Killed, Platform, World, carry_out, judged

Act = Callable[[], None]
Given = ParamSpec("Given")
Told = TypeVar("Told")


@dataclass
class Plan:
    """What will go wrong in one run of the outbox. What is not planned goes well."""

    answers: list[Answer] = field(default_factory=list)
    unreachable: bool = False
    killed_looking: bool = False
    removal: Answer = Answer.DONE
    before_claim: Act | None = None
    while_asked: Act | None = None


@dataclass
class Hands:
    """One process: its casebook and its outbox."""

    book: Casebook
    world: World
    notebook: Notebook
    clock: Callable[[], datetime]
    plan: Plan = field(default_factory=Plan)

    @property
    def outbox(self) -> Outbox:
        platform = self.platform
        return Outbox(self.book, {"x": platform}, {(BRAND, "x"): platform}, self.look_again, self.clock)

    @property
    def platform(self) -> Platform:
        """The platform, with us listening at its doors."""
        return Platform(self.world, self._told(self.asked), self._told(self.looked), self._told(self.unposted))

    def _told(self, listen: Callable[Given, Told]) -> Callable[Given, Told]:
        def heard(*given: Given.args, **named: Given.kwargs) -> Told:
            try:
                return listen(*given, **named)
            except AssertionError as error:
                self.notebook.wrong.append(str(error))
                raise

        return heard

    def look_again(self, due: DueReply, now: datetime) -> None:
        """The outbox looks at what it answers once more."""
        if self.plan.killed_looking:
            raise Killed
        if self.plan.unreachable:
            raise Unavailable("Nothing answers.")
        self.show(self.world.again([due.parent.native_id]))
        self._meanwhile("before_claim")
        note = self.notebook.note(due.id)
        at = self.clock()
        waits = note.state == "approved" and note.due is not None and note.due <= at and not self.notebook.paused
        if waits and not self.notebook.may_go_out(note, at):
            note.state = "withdrawn"
            note.case.ask(lost=True)

    def show(self, found: list[Post | Gone]) -> None:
        """A look shows the present state of posts."""
        now = self.clock()
        seen: list[Judged | Gone] = [one if isinstance(one, Gone) else Judged(one, judged(one)) for one in found]
        self.book.rounds.record_again(BRAND, seen, "x", now)
        for one in found:
            if isinstance(one, Gone):
                self.notebook.vanish(one.native_id)
        self.notebook.hear([one for one in found if isinstance(one, Post)], now, overheard=True)

    def asked(self, reply: Reply, now: datetime) -> Posted:
        """A request to post arrives at the platform: it must be one that may go out."""
        note = self.notebook.note(reply.id)
        assert self.notebook.may_go_out(note, now), f"reply {reply.id} must not go out: {note}"
        assert note.yes is not None
        assert note.yes + HOLD <= self.world.now, f"reply {reply.id} could still have been taken back"
        assert (reply.text, reply.parent_id) == (note.text, note.parent), "not what was approved"
        note.state, note.sent, note.taken_until = "sending", reply.sent_at, reply.sent_at + LEASE
        note.tries += 1
        this_try = note.tries
        answer = self.plan.answers.pop(0) if self.plan.answers else Answer.DONE
        self._meanwhile("while_asked")
        posted = None
        try:
            posted = carry_out(self.world, answer, reply, now)
        finally:
            killed = answer in (Answer.KILLED_BEFORE, Answer.KILLED_AFTER)
            if not killed and (note.state, note.tries) == ("sending", this_try):
                self.notebook.settle(note, answer, posted, self.clock())
        return posted

    def looked(self, reply: Reply) -> None:
        """The platform is asked whether a reply is there."""
        if self.plan.killed_looking:
            raise Killed
        note, now = self.notebook.note(reply.id), self.clock()
        assert note.state == "uncertain", f"nobody wonders about reply {reply.id}: {note}"
        if self.plan.unreachable:
            note.look = now + SETTLE
            raise Unavailable("Nothing answers.")
        found = self.platform.search(reply)
        nameless = [
            one
            for one in self.notebook.notes
            if (one.parent, one.state, one.native_id) == (note.parent, "posted", None)
        ]
        if found is not None and nameless:
            note.look, note.case.told = None, True
        elif found is not None:
            self.notebook.is_up(note, found.native_id, found.at)
        else:
            self.notebook.nothing_there(note, now)

    def unposted(self, posted: Posted) -> None:
        """The platform is asked to take a post of ours down."""
        now, answer = self.clock(), self.plan.removal
        note = next(one for one in self.notebook.notes if one.native_id == posted.native_id)
        due = note.state == "posted" and note.take_down is not None and note.take_down <= now
        assert due, f"nobody wants reply {note.id} down: {note}"
        assert note.down is not None
        assert note.down + HOLD <= self.world.now, f"reply {note.id} could still have been left up"
        assert not self.notebook.paused, "paused"
        note.taken_until = now + LEASE
        self._meanwhile("while_asked")
        if answer in (Answer.DONE, Answer.LOST_DONE, Answer.KILLED_AFTER):
            for ours in self.world.ours:
                ours.up = ours.up and ours.native_id != posted.native_id
        if answer in (Answer.KILLED_BEFORE, Answer.KILLED_AFTER):
            raise Killed
        note.taken_until = None
        if answer is Answer.DONE:
            self.notebook.remove(note)
        elif answer is Answer.REFUSED:
            note.take_down, note.case.told = None, True
            raise Refused("It is pinned.")
        else:
            note.take_down = now + timedelta(minutes=1)
            raise Unsure("The connection broke.") if answer is Answer.LOST_DONE else Unavailable("Nothing answers.")

    def _meanwhile(self, when: str) -> None:
        act: Act | None = getattr(self.plan, when)
        if act is not None:
            setattr(self.plan, when, None)
            act()


def stranded(note: Note, now: datetime) -> bool:
    """Whether a reply was left by a process that died, or under another clock."""
    return note.state == "sending" and note.taken_until is not None and not now < note.taken_until <= now + LEASE
