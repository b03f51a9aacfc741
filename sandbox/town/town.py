"""The town alive: its own clock, what happens next, and how it goes on where it stopped.

The town's time runs only while the town runs, so a visitor who comes back after a week finds it as it was left. Each thing that
happens is written down together with the fact that it happened: a kill at any moment repeats nothing and loses nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.town.chance import chance
from sandbox.town.content import Content, load
from sandbox.town.founding import PLACES, Scene, note_kind, open_accounts, tagged, townsperson
from sandbox.town.reactions import carry_out, find_answer, react
from sandbox.town.stream import Said, pause_after, say
from sandbox.world import World, WorldPost

EPOCH, ALIVE, SEED, STREAM, PENDING = "town:epoch", "town:alive", "town:seed", "town:stream", "town:pending"

READS_WITHIN = (4.0, 20.0)
"""Seconds in which a customer reads an answer and reacts."""

BEAT = 0.5
"""Seconds of real time between two looks around."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Something somebody is going to do: `act` is edit, delete or react."""

    due: float
    act: str
    place: str
    post_id: str
    text: str = ""


class Town:
    """The people of the town. `speed` is how much faster than real time they live."""

    def __init__(self, world: World, seed: int = 7, speed: float = 1.0, content: Content | None = None) -> None:
        self.world, self.speed = world, speed
        self.content = content or load()
        self.scene = Scene(world, self.content)
        self._used: set[str] = set()
        self._read: set[tuple[str, str]] = set()
        self.seed = self._settle(seed)

    @property
    def epoch(self) -> datetime:
        """When this town began, on the world's clock."""
        return datetime.fromisoformat(self.world.recall(EPOCH) or "")

    @property
    def alive(self) -> float:
        """Seconds the town has lived since, in its own time."""
        return float(self.world.recall(ALIVE) or 0)

    def _settle(self, seed: int) -> int:
        """Found the town, all of its past in one step, unless it is there already. A town keeps the seed it was founded with."""
        with self.world.together():
            if self.world.recall(EPOCH) is None:
                now = self.world.clock()
                open_accounts(self.world, self.content, now)
                while (due := self.scene.due()) is not None and due <= 0:
                    self.scene.do(now, now + timedelta(seconds=due), self.speed)
                self._plan_stream(0, pause_after(0, 0, seed) / 2)
                self.world.remember(SEED, str(seed))
                self.world.remember(ALIVE, "0")
                self.world.remember(EPOCH, now.isoformat())
        self._used = {post.text for place in PLACES for post in self.world.posts(place)}
        return int(self.world.recall(SEED) or seed)

    # --- time passes ----------------------------------------------------------------------------

    def live(self, passed: float) -> int:
        """Let `passed` seconds of real time go by; everything due happens. Gives back how many things happened."""
        alive = self.alive + passed * self.speed
        self._notice_answers(alive)
        happened = 0
        while (act := self._next(alive)) is not None:
            with self.world.together():
                act()
            happened += 1
        self.world.remember(ALIVE, repr(alive))
        return happened

    def run(self, stop: threading.Event) -> None:
        """Live in real time until told to stop."""
        before = time.monotonic()
        while not stop.wait(BEAT):
            now = time.monotonic()
            self.live(now - before)
            before = now

    def _next(self, alive: float) -> Callable[[], object] | None:
        """The earliest thing due by now, as something to call."""
        scene, (n, stream), pending = self.scene.due(), self._stream(), self._pending()
        first = min(pending, key=lambda each: each.due, default=None)
        options: list[tuple[float, Callable[[], object]]] = [(stream, lambda: self._speak(n, stream, alive))]
        if scene is not None:
            options.append((scene, lambda: self.scene.do(self.epoch, self._when(scene, alive), self.speed)))
        if first is not None:
            options.append((first.due, lambda: self._do(first)))
        due, act = min(options, key=lambda option: option[0])
        return act if due <= alive else None

    def _when(self, due: float, alive: float) -> datetime:
        """The world's time at a moment of the town's, given that it is `alive` now."""
        return self.world.clock() - timedelta(seconds=(alive - due) / self.speed)

    # --- the stream -----------------------------------------------------------------------------

    def _stream(self) -> tuple[int, float]:
        n, due = json.loads(self.world.recall(STREAM) or "[0, 0]")
        return int(n), float(due)

    def _plan_stream(self, n: int, due: float) -> None:
        self.world.remember(STREAM, json.dumps([n, due]))

    def _speak(self, n: int, due: float, alive: float) -> WorldPost:
        """Post `n` of the stream is written, and the next one planned."""
        said = say(n, self.seed, self.content, self._used)
        at = self._when(due, alive)
        post = self._publish(said, at)
        self._used.add(said.text)
        note_kind(self.world, said.place, post.id, said.kind)
        if said.edit_after is not None:
            self._plan(Pending(due + said.edit_after, "edit", said.place, post.id, said.edited))
        if said.delete_after is not None:
            self._plan(Pending(due + said.delete_after, "delete", said.place, post.id))
        self._plan_stream(n + 1, due + pause_after(n + 1, due, self.seed))
        return post

    def _publish(self, said: Said, at: datetime) -> WorldPost:
        author = townsperson(self.world, said.place, said.voice.handle, said.voice.name, at)
        visible = at + timedelta(seconds=said.late / self.speed) if said.late else None
        if said.place == "x":
            return self.world.publish(
                "x", author.id, said.text, at=at, visible_at=visible, lang=tagged(said.text, said.lang)
            )
        shop = self.content.shop(said.brand)
        if said.title:
            return self.world.publish(
                "reddit", author.id, said.text, at=at, visible_at=visible, title=said.title, board=shop.board
            )
        thread = self.scene.thread(shop.thread)
        return self.world.publish("reddit", author.id, said.text, at=at, visible_at=visible, parent_id=thread)

    # --- what people are going to do --------------------------------------------------------------

    def _pending(self) -> list[Pending]:
        return [Pending(*each) for each in json.loads(self.world.recall(PENDING) or "[]")]

    def _keep(self, pending: list[Pending]) -> None:
        rows = [[each.due, each.act, each.place, each.post_id, each.text] for each in pending]
        self.world.remember(PENDING, json.dumps(rows))

    def _plan(self, what: Pending) -> None:
        self._keep([*self._pending(), what])

    def _do(self, what: Pending) -> None:
        post = self.world.post(what.place, what.post_id)
        if post is not None and post.deleted_at is None:
            if what.act == "edit":
                self.world.edit(what.place, what.post_id, what.text)
            elif what.act == "delete":
                self.world.delete(what.place, what.post_id)
            else:
                self._react(post)
        self._keep([each for each in self._pending() if each != what])

    # --- answers --------------------------------------------------------------------------------

    def _notice_answers(self, alive: float) -> None:
        """Whoever was answered since the last look is going to read it a few seconds from now, once."""
        now, epoch = self.world.clock(), self.epoch
        for place in PLACES:
            for shop in self.content.shops:
                account = self.world.account(place, handle=shop.handle)
                assert account is not None
                for reply in self.world.posts(place, now=now, author_id=account.id):
                    if reply.parent_id is not None and reply.created_at > epoch:
                        self._notice(reply, alive)

    def _notice(self, reply: WorldPost, alive: float) -> None:
        known = (reply.place, reply.history[0])
        key = f"town:answer:{reply.place}:{reply.history[0]}"
        if known in self._read:
            return
        with self.world.together():
            if self.world.recall(key) is None:
                wait = chance(self.seed, "reads", reply.text).uniform(*READS_WITHIN)
                self._plan(Pending(alive + wait, "react", *known))
                self.world.remember(key, "seen")
        self._read.add(known)

    def _react(self, reply: WorldPost) -> None:
        shop = self.world.account(reply.place, id=reply.author_id)
        assert shop is not None
        answer = find_answer(self.world, self.content, reply, shop)
        reaction = react(answer, self.seed, self.content) if answer is not None else None
        if answer is not None and reaction is not None:
            carry_out(self.world, answer, reaction, self.seed, self.content)
        felt = reaction.impression.feeling.value if reaction and reaction.impression else "no answer"
        self.world.remember(f"town:answer:{reply.place}:{reply.history[0]}", felt)
