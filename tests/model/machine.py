"""The whole life of cases, every act in any order, against the notebook; hypothesis chooses what happens next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from places.doors import Repeat
from responders.outbox import look_due, post_due, remove_due
from storage.words import Author, Kind, Purpose
from tests.model import laws
from tests.model.acts import Shop, choose
from tests.model.bases import Bases
from tests.model.chances import Step, beginnings, clocks, left_out, steps
from tests.model.hands import Plan, stranded
from tests.model.notebook import LEASE, Case, Note, Notebook
from tests.model.world import CORA, SETTLE, Answer, Killed, World

MOST_POSTS = 9


class WholeCase(RuleBasedStateMachine):
    """Ana, Ben and the machine on one side, Cora and Dan on the other, the platform between them."""

    bases: ClassVar[Bases]
    repeat: ClassVar[Repeat]
    shop: Shop

    @initialize(begun=beginnings, wrong=clocks, left_out=left_out)
    def open_shop(self, begun: str, wrong: timedelta, left_out: frozenset[str]) -> None:
        """Cora has complained; perhaps she has been answered. What is left out never happens: fewer kinds of things go deeper."""
        self.left_out = left_out
        self.world, self.notebook = World(self.repeat), Notebook(self.repeat)
        self.shop = Shop(self.world, self.notebook, self.bases.fresh(), [])
        self.the_clock_is_set(wrong)
        self.world.write(CORA, Kind.COMPLAINT, None)
        self.shop.poll(self.world.shown(), 0)
        if begun != "a complaint":
            self.answering("answer", 0, Purpose.ACKNOWLEDGE, False, 0)
        if begun == "an answer that is up":
            self.world.passes(timedelta(minutes=2))
            self.post(0, Plan())

    @rule(what=steps)
    def step(self, what: Step) -> None:
        """The next thing that happens."""
        if what.name not in self.left_out:
            getattr(self, what.name)(**dict(what.how))

    # Outside ----------------------------------------------------------------------------------------------------------

    def outside(self, act: str, who: Author, kind: Kind, which: int) -> None:
        """What customers do, and our own people elsewhere; we do not know of it yet."""
        world, posts = self.world, list(self.world.posts)
        if act == "write" and len(posts) < MOST_POSTS:
            world.write(who, kind, None)
        elif act == "reply" and len(posts) < MOST_POSTS:
            world.write(who, kind, choose([*posts, *(one.native_id for one in world.ours if one.up)], which))
        elif act == "edit":
            world.edit(choose(posts, which), kind)
        elif act == "delete or put back":
            world.gone ^= {choose(posts, which)}
        elif act == "answer in the app":
            world.answer_by_app(choose(posts, which), "Sorry, from the app")
        elif act == "delete ours in the app" and world.ours:
            choose(world.ours, which).up = False

    def intake(self, how: str, some: int, by: int) -> None:
        """What we are shown: all, or part of it in whatever order, again and again; or a look at live cases."""
        if how == "everything":
            self.shop.poll(self.world.shown(), by)
        elif how == "part":
            shown = [post for place, post in enumerate(self.world.shown()) if not some >> place % 12 & 1]
            self.shop.poll(shown[::-1] if some % 2 else shown, by)
        elif how == "follow":
            self.shop.follow(by)
        else:
            self.shop.take_up_an_older_one(by)

    # People -----------------------------------------------------------------------------------------------------------

    def answering(self, act: str, which: int, purpose: Purpose, by_hand: bool, by: int) -> None:
        """Proposals and a person's yes; "answer" is both in one go."""
        shop, cases, proposed = self.shop, self.notebook.cases, self.shop.proposed
        if act == "propose":
            shop.propose(by)
        elif act in ("write", "answer") and cases:
            before = len(proposed)
            shop.write(choose(cases, which), purpose, by, by_hand=by_hand and act == "write")
            if act == "answer" and len(proposed) > before:
                shop.approve(proposed[-1], by)
        elif act.startswith("approve") and proposed:
            one = choose(proposed[::-1], which)
            shop.approve(one, by, seen=one.case.news - 1 if act != "approve" else None)
        elif act == "correct" and shop.ours:
            shop.correct(choose(shop.ours, which), by)

    def on_a_reply(self, act: str, which: int, by: int) -> None:
        """What people do with replies."""
        acts: dict[str, Callable[[Note, int], None]] = {
            "undo": self.shop.take_back,
            "posted by hand": self.shop.posted_by_hand,
            "posted by hand, untold": lambda note, who: self.shop.posted_by_hand(note, who, told=False),
            "hand over": self.shop.hand_over,
            "look": self.shop.look,
            "take down": self.shop.take_down,
            "leave up": self.shop.leave_up,
        }
        if self.shop.ours:
            acts[act](choose(self.shop.ours, which), by)

    def on_a_case(self, act: str, which: int, by: int) -> None:
        """What people do with cases."""
        shop = self.shop
        acts: dict[str, Callable[[Case, int], None]] = {
            "dismiss": shop.dismiss,
            "dismiss in sight of less": lambda case, who: shop.dismiss(case, who, stale=True),
            "resolve": shop.resolve,
            "reopen": shop.reopen,
            "private": shop.go_private,
            "answered": shop.answered_already,
            "snooze": lambda case, who: shop.snooze(case, who, 24),
            "wake": lambda case, who: shop.snooze(case, who, None),
            "note": shop.note,
            "read": shop.read,
            "wish": shop.wish,
            "forget": lambda case, who: shop.forget(shop.author(case), who, wish=which % 2 == 1),
            "pause or resume": lambda _, who: shop.pause_or_resume(who),
        }
        if self.notebook.cases:
            acts[act](choose(self.notebook.cases, which), by)

    # The machine ------------------------------------------------------------------------------------------------------

    def the_machine(
        self,
        wait: timedelta,
        work: str,
        first: Answer,
        second: Answer,
        removal: Answer,
        away: int,
        meanwhile: int,
        by: int,
    ) -> None:
        """After a while the outbox does its work, with mishaps, and with another process at work in the middle of it."""
        self.world.passes(wait)
        plan = Plan([first, second], unreachable=away == 4, killed_looking=away == 5, removal=removal)
        act = self._meanwhile(meanwhile // 2, 1 - by)
        if meanwhile % 2:
            plan.before_claim = act
        else:
            plan.while_asked = act
        {"post": self.post, "look": self.look, "take down": self.take_down}[work](by, plan)

    def an_answer_goes_out(
        self, which: int, purpose: Purpose, first: Answer, meanwhile: int, looks: int, by: int
    ) -> None:
        """The whole way: written, approved, posted when its time has come, and looked for."""
        self.answering("answer", which, purpose, False, by)
        self.the_machine(timedelta(minutes=2), "post", first, Answer.DONE, Answer.DONE, 0, meanwhile, by)
        for _ in range(looks):
            self.the_machine(timedelta(minutes=4), "look", Answer.DONE, Answer.DONE, Answer.DONE, 0, 20, by)

    def post(self, by: int, plan: Plan) -> None:
        """What is due goes out."""
        began = self.shop.clock()
        if self._run(by, post_due, plan) and not self.notebook.paused:
            left = [
                one.id for one in self.shop.ours if one.state == "approved" and one.due is not None and one.due <= began
            ]
            assert not left, f"left behind: {left}"

    def look(self, by: int, plan: Plan) -> None:
        """Uncertain replies are looked for."""
        began = self.shop.clock()
        if self._run(by, look_due, plan):
            left = [
                one.id
                for one in self.shop.ours
                if one.state == "uncertain" and one.look is not None and one.look <= began
            ]
            assert not left, f"not looked for: {left}"

    def take_down(self, by: int, plan: Plan) -> None:
        """What is to go is taken down."""
        began = self.shop.clock()
        if self._run(by, remove_due, plan) and not self.notebook.paused:
            left = [one.id for one in self.shop.ours if one.state == "posted" and self._removable(one, began)]
            assert not left, f"left up: {left}"

    @staticmethod
    def _removable(note: Note, now: datetime) -> bool:
        free = note.taken_until is None or not now < note.taken_until <= now + LEASE
        return note.take_down is not None and note.take_down <= now and free

    def _run(self, by: int, work: Callable[..., int], plan: Plan) -> bool:
        """One run of the outbox; False when its process was killed on the way."""
        self.shop.notice()
        self._read_plans()
        hands, now = self.shop.hands[by], self.shop.clock()
        if work is look_due:
            for note in self.shop.ours:
                if stranded(note, now) and note.sent is not None:
                    note.state, note.looks, note.taken_until = "uncertain", 0, None
                    note.look = min(max(now, note.sent + SETTLE), now + SETTLE)
        before, hands.plan = hands.plan, plan
        try:
            work(hands.outbox)
        except Killed:
            return False
        finally:
            hands.plan = before
            self._read_plans()
        return True

    def _meanwhile(self, which: int, by: int) -> Callable[[], None] | None:
        """What the other process does in the middle of it."""
        shop, ours = self.shop, self.shop.ours
        acts: list[Callable[[], object]] = [
            lambda: shop.pause_or_resume(by),
            lambda: shop.poll(self.world.shown(), by),
            lambda: self._run(by, look_due, Plan()),
            lambda: self._run(by, post_due, Plan()),
            lambda: shop.forget_cora(by),
            lambda: shop.edited_meanwhile(by),
            lambda: shop.dismiss(self.notebook.cases[-1], by),
            lambda: shop.take_back(ours[0], by) if ours else None,
            lambda: self._slow(by),
        ]
        return (lambda: void(acts[which]())) if which < len(acts) and self.notebook.cases else None

    def _slow(self, by: int) -> None:
        """The request takes so long that it is given up for dead."""
        self.world.passes(timedelta(minutes=2))
        self._run(by, look_due, Plan())

    # Time, and what must always hold ----------------------------------------------------------------------------------

    def the_clock_is_set(self, wrong: timedelta, *, off: bool = False) -> None:
        """Ours goes wrong by so much from now on, or right again. The service notices, also when it was off while the clock was set back."""
        self.shop.notice()
        before, self.shop.skew = self.shop.skew, wrong
        off = off and wrong < before
        self.shop.notice(timedelta(0) if off else wrong - before)
        self._read_plans()

    def _read_plans(self) -> None:
        """When something is tried is the product's business, within bounds."""
        now = self.shop.clock()
        plans = laws.plans(self.shop.base.engines[0])
        for note in self.shop.ours:
            due, take_down = plans.get(note.id, (None, None))
            if note.state == "approved":
                note.due = _within(note.due, due, now)
            elif note.state == "posted" and note.take_down is not None:
                note.take_down = _within(note.take_down, take_down, now)

    @invariant()
    def everything_is_as_noted(self) -> None:
        if hasattr(self, "shop"):
            laws.check(self.shop.base.engines[0], self.notebook, self.world)

    def teardown(self) -> None:
        """After the storm: once all goes well, nothing waits for ever."""
        if not hasattr(self, "shop"):
            return
        self.the_clock_is_set(timedelta(0))
        if self.notebook.paused:
            self.shop.pause_or_resume(0)
        for _ in range(8):
            self.world.passes(timedelta(minutes=61))
            self.look(0, Plan())
            self.post(0, Plan())
            self.take_down(0, Plan())
        laws.check(self.shop.base.engines[0], self.notebook, self.world)
        laws.all_is_settled(self.notebook, self.world)


def _within(noted: datetime | None, found: datetime | None, now: datetime) -> datetime | None:
    """The plan that was found, which must not lie too far ahead when it is new."""
    assert found == noted or (found is not None and found <= now + laws.LONGEST_WAIT), f"waits until {found}"
    return found


def void(_: object) -> None:
    """Nothing."""
