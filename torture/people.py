"""What people do while the machine works: customers edit and delete, Ana takes back, takes down, dismisses, pauses and resumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from sqlalchemy import select

from sandbox.mishaps import POSTING
from storage.engine import reading
from storage.lifecycle import MovedOn
from storage.tables import replies
from storage.words import ReplyState
from torture.judge import Finding, Said
from torture.scenes import ANA
from torture.sites import KEY
from torture.stage import Stage

AT_ONCE = timedelta(0)


@dataclass(slots=True)
class People:
    """Everybody around one run. `said` follows what they said yes to, and what they took back in time."""

    stage: Stage
    said: dict[int, Said]
    chance: Random
    paused: bool = False
    _posted_before: int = 0
    findings: list[Finding] = field(default_factory=list)

    def do_something(self) -> None:
        """One of them does one thing, or nobody does anything."""
        acts: Mapping[Callable[[], None], float] = {
            self._nothing: 0.72,
            self._edit: 0.05,
            self._delete: 0.04,
            self._take_back: 0.06,
            self._take_down: 0.06,
            self._dismiss: 0.03,
            self._pause: 0.04,
        }
        act = self.chance.choices(list(acts), list(acts.values()))[0]
        if self.paused and self.chance.random() < 0.4:
            act = self.resume
        act()

    def resume(self) -> None:
        """Ana lets the machine post again. While she did not, nothing may have been sent."""
        if self.paused:
            sent = self._posts_sent() - self._posted_before
            if sent:
                self.findings.append(Finding("unwanted", f"{sent} requests to post were sent during a pause"))
            self.stage.house.casebook.pauses.resume(KEY, ANA, self.stage.now)
            self.paused = False

    def _pause(self) -> None:
        self.stage.house.casebook.pauses.pause(KEY, ANA, self.stage.now)
        self.paused, self._posted_before = True, self._posts_sent()

    def _posts_sent(self) -> int:
        """Requests to post that arrived, or were held back: what a dead process had sent before counts when it is sent."""
        return self.stage.town.arrived(*POSTING[self.stage.town.place])

    def _nothing(self) -> None:
        return

    def _edit(self) -> None:
        world, place = self.stage.town.world, self.stage.town.place
        post = world.post(place, min(self._any().parents))
        if post is not None and post.deleted_at is None:
            world.edit(
                place, post.id, f"{post.versions[0].text} Edited: it is even worse, awful!! {self.chance.random()}"
            )

    def _delete(self) -> None:
        self.stage.town.world.delete(self.stage.town.place, min(self._any().parents))

    def _take_back(self) -> None:
        one = self._any()
        self._try(one, lambda: self.stage.house.casebook.replies.withdraw(one.reply_id, ANA, self.stage.now))

    def _dismiss(self) -> None:
        one = self._any()
        with reading(self.stage.house.engine) as connection:
            case_id = connection.execute(select(replies.c.case_id).where(replies.c.id == one.reply_id)).scalar_one()
        on_its_way = self._state(one) in (ReplyState.SENDING, ReplyState.UNCERTAIN)
        self._try(
            one, lambda: self.stage.house.casebook.cases.dismiss(case_id, "praise", ANA, self.stage.now), on_its_way
        )

    def _try(self, one: Said, act: Callable[[], None], on_its_way: bool = False) -> None:
        """An act after which the reply may be taken back; or it comes too late, and is told so; or (`on_its_way`) nobody knows yet."""
        if self._state(one) is ReplyState.WITHDRAWN:
            return
        try:
            act()
        except MovedOn:
            return
        if self._state(one) is ReplyState.WITHDRAWN:
            self.said[one.reply_id] = replace(one, taken_back=True)
        elif on_its_way:
            self.said[one.reply_id] = replace(one, dismissed=True)

    def _take_down(self) -> None:
        one = self._any()
        try:
            self.stage.house.casebook.removals.approve(one.reply_id, "wrong shop", ANA, self.stage.now, hold=AT_ONCE)
        except MovedOn:
            return
        self.said[one.reply_id] = replace(one, take_down=True)

    def _any(self) -> Said:
        return self.chance.choice(list(self.said.values()))

    def _state(self, one: Said) -> ReplyState:
        with reading(self.stage.house.engine) as connection:
            query = select(replies.c.state).where(replies.c.id == one.reply_id)
            return ReplyState(connection.execute(query).scalar_one())
