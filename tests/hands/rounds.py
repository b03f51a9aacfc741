"""Rounds: eight people press buttons about one case at one instant, while its customer edits, deletes or writes again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from desk.clock import utc_now
from desk.work import open_outbox
from responders.outbox import Outbox, look_due
from sandbox.world import WorldPost
from storage.engine import reading
from storage.tables import mentions, posts
from storage.words import Audience, Draft, Purpose, Reach, ReachHow, ReplyState
from tests.hands.house import Street
from tests.hands.people import WORDS, Answer, Person, Seen, approve, approve_as_shown, decide, pause_a_moment, undo

AHEAD = 40
"""Complaints that are in the town before their round begins, so that nobody waits for a poll."""

GENTLE = ("approve", "approve", "note", "note", "snooze", "undo")
FINAL = ("dismiss", "already-answered", "offline", "resolve", "reopen")
"""What the other six press: two always approve, and one of eight pauses. Half of the rounds go without what ends a case: an approval
takes longest, and would hardly ever be first."""

AGREED = 10
"""Every so many rounds all eight say yes at once and the customer stays still: exactly one answer goes out, however few rounds are played."""

UNSETTLED = (ReplyState.APPROVED, ReplyState.SENDING)
DRAIN_SECONDS = 120
RAISED_SECONDS = 120
"""Not how quick it is to be, but how long is waited before it counts as lost: where two cores do all of this for two databases at once, each of
four workers may be at other work for the better part of a minute."""

REACH = Reach(ReachHow.API, "She mentioned you.")


@dataclass
class Rounds:
    """All that is played on one street."""

    street: Street
    seed: int
    answers: list[Answer] = field(default_factory=list)
    cases: dict[str, int] = field(default_factory=dict)

    def play(self, count: int) -> None:
        """Play so many rounds, then let everything come to rest."""
        with ThreadPoolExecutor(len(self.street.people) + 1) as pool:
            for number, complaint, seen in self._cases(count):
                self._round(pool, number, complaint, seen)
        self._rest()

    def _cases(self, count: int) -> Iterator[tuple[int, WorldPost, Seen]]:
        """Complaints as cases with a proposal, some of them ahead of their round."""
        written: list[WorldPost] = []
        for number in range(count):
            while len(written) < min(count, number + AHEAD):
                written.append(self._complain(len(written)))
            yield number, written[number], self._raised(number, written[number])

    def _complain(self, number: int) -> WorldPost:
        world = self.street.world
        customer = world.add_account("x", f"cora{number}", f"Cora {number}")
        return world.publish("x", customer.id, f"@rosebakery your bread was burnt and cold, terrible! ({number})")

    def _raised(self, number: int, complaint: WorldPost) -> Seen:
        """The case that the workers raised of it, with an answer to start from: writing those takes most of a processor's time."""
        deadline = time.monotonic() + RAISED_SECONDS
        while complaint.id not in self.cases:
            assert time.monotonic() < deadline, f"never raised: {complaint.text}\n{self.street.log[-2000:]}"
            time.sleep(0.05)
            self._look()
        case_id, name = self.cases[complaint.id], f"Cora {number}"
        words = WORDS.format(customer=name, name="Ana")
        draft = Draft(words, "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
        (proposal,) = self.street.house.casebook.proposals.store(case_id, 1, [draft], REACH, utc_now())
        return Seen(case_id, 1, proposal, name)

    def _look(self) -> None:
        with reading(self.street.house.engine) as connection:
            rows = connection.execute(
                select(posts.c.native_id, mentions.c.case_id)
                .join(mentions, mentions.c.post_id == posts.c.id)
                .where(mentions.c.case_id > max(self.cases.values(), default=0))
            )
            for row in rows:
                self.cases.setdefault(row.native_id, row.case_id)

    # One round ---------------------------------------------------------------------------------------------------------

    def _round(self, pool: ThreadPoolExecutor, number: int, complaint: WorldPost, seen: Seen) -> None:
        chance = random.Random(self.seed * 1_000_003 + number)
        start = threading.Barrier(len(self.street.people) + 1)
        people = chance.sample(self.street.people, len(self.street.people))
        agreed = number % AGREED == 0
        acts = [partial(approve, person, seen) for person in people] if agreed else self._choose(chance, people, seen)
        customer = no_one if agreed else partial(self._customer, complaint)
        presses = [partial(self._press, start, act, random.Random(chance.random())) for act in (*acts, customer)]
        for told in [pool.submit(one) for one in presses]:
            answer = told.result()
            if answer is not None:
                self.answers.append(answer)

    def _press(
        self,
        start: threading.Barrier,
        act: Callable[[random.Random], Answer | None],
        chance: random.Random,
    ) -> Answer | None:
        start.wait()
        time.sleep(chance.choice((0, 0, 0.005, 0.02)))
        return act(chance)

    def _choose(
        self, chance: random.Random, people: Sequence[Person], seen: Seen
    ) -> list[Callable[[random.Random], Answer | None]]:
        page = "/" if chance.random() < 0.5 else f"/cases/{seen.case_id}"  # the inbox, or the link in the mail
        chosen: list[Callable[[random.Random], Answer | None]] = [
            partial(approve, people[0], seen),
            lambda lot: approve_as_shown(people[1], page, seen.case_id, lot),
        ]
        acts = GENTLE if chance.random() < 0.5 else GENTLE + FINAL
        for person in people[2:]:
            act = "pause" if chance.random() < 1 / 8 else chance.choice(acts)
            chosen.append(partial(self._other, person, seen, act))
        return chosen

    def _other(self, person: Person, seen: Seen, act: str, chance: random.Random) -> Answer | None:
        if act == "approve":
            return approve(person, seen, chance)
        if act == "undo":
            return undo(person, seen, chance, self.street.house.reading)
        if act == "pause":
            return pause_a_moment(person, chance)
        return decide(person, seen, act, chance)

    def _customer(self, complaint: WorldPost, chance: random.Random) -> None:
        world, what = self.street.world, chance.random()
        if what < 0.3:
            world.edit("x", complaint.id, f"{complaint.text} And nobody answers the phone.")
        elif what < 0.45:
            world.delete("x", complaint.id)
        elif what < 0.6:
            world.publish(
                "x", complaint.author_id, "@rosebakery hello?! still burnt, still terrible", parent_id=complaint.id
            )

    # The end -----------------------------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """Nothing is paused, everything due has gone out, and every process has ended in peace."""
        house = self.street.house
        house.casebook.pauses.resume("*", "command", utc_now())
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline and self._unsettled():
            time.sleep(0.1)
        self.street.processes.end()
        outbox = open_outbox(house)
        later = Outbox(
            outbox.casebook, outbox.places, outbox.publishers, outbox.look_again, lambda: utc_now() + timedelta(hours=1)
        )
        for _ in range(3):  # what nobody knows for sure is looked for when its time has come
            look_due(later)

    def _unsettled(self) -> bool:
        held = self.street.house.reading.lists(utc_now(), limit=10**6).held
        return any(row.reply_state in UNSETTLED for row in held)


def no_one(chance: random.Random) -> None:
    """The customer of a round in which nothing changes."""
