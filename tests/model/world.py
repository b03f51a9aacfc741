"""The world outside: a platform that keeps the truth, does what it is asked or not, and says so or not.

Time here is the platform's own. Nothing of ours is believed: what is up is what this world has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from places.doors import Capabilities, NeedsPerson, Refused, Repeat, Unavailable, Unsure
from storage.words import (
    Account,
    Audience,
    Author,
    Gone,
    Kind,
    Length,
    Post,
    Posted,
    Reach,
    ReachHow,
    Reply,
    Topic,
    Verdict,
)
from tests.clock import NOON

SETTLE = timedelta(minutes=3)
LATENESS = timedelta(minutes=1)
"""How long after the caller gave up a request may still be carried out, and then how long until it is listed: together less than SETTLE."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far our clock may be ahead before a look passes by what it looks for, as the real places have it."""

BRAND = "rosebakery"
CORA, DAN = Author("c-1", "cora", "Cora"), Author("d-1", "dan", "Dan")
US = Author("us-1", "rosebakery", "Rose Bakery")
WORDS = {Kind.COMPLAINT: "stale cake", Kind.PRAISE: "thank you", Kind.CHATTER: "see you at the fair"}


class Killed(BaseException):
    """The process is gone, here and now."""


class Answer(StrEnum):
    """What becomes of one request to post."""

    DONE = "done"
    DONE_WITHOUT_ID = "done without an id"
    REFUSED = "refused"
    BY_HAND = "refused, but a person may"
    LIMITED = "at the limit"
    DOWN = "nothing there"
    NO_KEY = "no key"
    LOST_DONE = "done, and the answer lost"
    LOST_UNDONE = "not done, and the answer lost"
    LATE = "done a minute after the answer was lost"
    BROKEN_DONE = "done, and something nobody foresaw"
    KILLED_BEFORE = "killed before the request"
    KILLED_AFTER = "killed after the request"


@dataclass
class Ours:
    """A post by our account. `made_for` is the reply the machine made it for, None where a person wrote it in the site's own app."""

    native_id: str
    parent: str
    conversation: str
    text: str
    at: datetime
    key: str = ""
    made_for: int | None = None
    listed_from: datetime = NOON
    up: bool = True


@dataclass
class World:
    """What is up, and the requests that came."""

    repeat: Repeat = Repeat.NEVER
    now: datetime = NOON
    posts: dict[str, Post] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    ours: list[Ours] = field(default_factory=list)
    late: list[tuple[datetime, Reply]] = field(default_factory=list)
    numbered: int = 0

    def passes(self, time: timedelta) -> None:
        """Time goes by, and what was late is carried out."""
        self.now += time
        for entry in [one for one in self.late if one[0] <= self.now]:
            self.late.remove(entry)
            self.put_up(entry[1], at=entry[0])

    def write(self, author: Author, kind: Kind, under: str | None) -> Post:
        """Somebody writes, in a conversation of their own or under another post."""
        self.numbered += 1
        self.passes(timedelta(seconds=1))
        native_id = f"p{self.numbered}"
        parent = next((one.conversation for one in self.ours if one.native_id == under), None)
        conversation = native_id if under is None else parent or self.posts[under].conversation_id
        text = f"{WORDS[kind]} {self.numbered}"
        post = Post("x", native_id, author, text, self.now, conversation, parent_id=under, addressed=("rosebakery",))
        self.posts[native_id] = post
        return post

    def edit(self, native_id: str, kind: Kind) -> None:
        """Its author changes it."""
        self.numbered += 1
        self.passes(timedelta(seconds=1))
        text = f"{WORDS[kind]} {self.numbered}"
        self.posts[native_id] = replace(self.posts[native_id], text=text, edited_at=self.now)

    def answer_by_app(self, under: str, text: str) -> Ours:
        """One of us answers in the site's own app."""
        self.passes(timedelta(seconds=1))
        ours = Ours(
            f"u{len(self.ours) + 1}", under, self.posts[under].conversation_id, text, self.now, listed_from=self.now
        )
        self.ours.append(ours)
        return ours

    def put_up(self, reply: Reply, at: datetime | None = None) -> Ours:
        """A request to post is carried out. With a key that it knows, a keyed platform gives what is there."""
        known = next((one for one in self.ours if one.key == reply.key), None)
        if known is not None and self.repeat is Repeat.KEYED:
            return known
        when = at or self.now
        ours = Ours(
            f"u{len(self.ours) + 1}",
            reply.parent_id,
            reply.conversation_id,
            reply.text,
            when,
            reply.key,
            reply.id,
            when + LATENESS,
        )
        self.ours.append(ours)
        return ours

    def as_post(self, ours: Ours) -> Post:
        """Our post as the platform shows it to everybody."""
        return Post("x", ours.native_id, US, ours.text, ours.at, ours.conversation, parent_id=ours.parent)

    def shown(self) -> list[Post]:
        """All that the platform lists now, oldest first."""
        theirs = [post for native_id, post in self.posts.items() if native_id not in self.gone]
        ours = [self.as_post(one) for one in self.ours if one.up and one.listed_from <= self.now]
        return sorted([*theirs, *ours], key=lambda post: (post.created_at, post.native_id))

    def again(self, ids: Iterable[str]) -> list[Post | Gone]:
        """The present state of posts."""
        return [Gone(one, "deleted") if one in self.gone else self.posts[one] for one in ids if one in self.posts]


def judged(post: Post) -> Verdict:
    """What the filter says of it."""
    kind = next((kind for kind, words in WORDS.items() if post.text.startswith(words)), Kind.CHATTER)
    mood = {Kind.COMPLAINT: -0.6, Kind.PRAISE: 0.8}.get(kind, 0.0)
    return Verdict(kind, 0.9, "en", mood, Topic.PRODUCT, 2, (), model_version="test")


@dataclass
class Platform:
    """The door to the world: place and publisher in one. The machine listens at `asked`, `looked` and `unposted`."""

    world: World
    asked: Callable[[Reply, datetime], Posted]
    looked: Callable[[Reply], None]
    unposted: Callable[[Posted], None]
    place: str = "x"
    account: str = "rosebakery"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("x", "X", True, True, True, False, self.world.repeat, SETTLE)

    def measure(self, text: str, audience: Audience) -> Length:
        return Length(len(text), 280)

    def compose_link(self, reply: Reply) -> str | None:
        return None

    def me(self, now: datetime) -> Account:
        return Account("x", US.native_id, US.handle)

    def reach(self, post: Post, audience: Audience) -> Reach:
        return Reach(ReachHow.API, "Cora mentioned you.")

    def post(self, reply: Reply, now: datetime) -> Posted:
        return self.asked(reply, now)

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        self.looked(reply)
        found = self.search(reply)
        return None if found is None else Posted(found.native_id, None, found.at)

    def search(self, reply: Reply) -> Ours | None:
        """Our first listed post under the parent since the request, that is not another reply of ours."""
        return next(
            (
                one
                for one in self.world.ours
                if one.up and one.parent in reply.parent_ids and one.native_id not in reply.known_ids
                if one.listed_from <= self.world.now and one.at >= reply.sent_at - CLOCKS_DIFFER
            ),
            None,
        )

    def remove(self, posted: Posted, now: datetime) -> None:
        self.unposted(posted)


def carry_out(world: World, answer: Answer, reply: Reply, now: datetime) -> Posted:
    """One request to post, and what the caller hears of it."""
    if answer is Answer.KILLED_BEFORE:
        raise Killed
    if answer in (Answer.DONE, Answer.DONE_WITHOUT_ID, Answer.LOST_DONE, Answer.BROKEN_DONE, Answer.KILLED_AFTER):
        ours = world.put_up(reply)
        if answer is Answer.DONE:
            return Posted(ours.native_id, None, ours.at)
        if answer is Answer.DONE_WITHOUT_ID:
            return Posted(None, None, ours.at)
    if answer is Answer.LATE:
        world.late.append((world.now + LATENESS, reply))
    raise _HEARD[answer](now)


_HEARD: dict[Answer, Callable[[datetime], BaseException]] = {
    Answer.REFUSED: lambda _: Refused("They limit who may reply."),
    Answer.BY_HAND: lambda _: Refused("They limit who may reply.", by_hand=True),
    Answer.LIMITED: lambda now: Unavailable("Too many.", now + timedelta(minutes=20)),
    Answer.DOWN: lambda _: Unavailable("Nothing answers."),
    Answer.NO_KEY: lambda _: NeedsPerson("The key was revoked."),
    Answer.LOST_DONE: lambda _: Unsure("The connection broke."),
    Answer.LOST_UNDONE: lambda _: Unsure("The connection broke."),
    Answer.LATE: lambda _: Unsure("No answer came in time."),
    Answer.BROKEN_DONE: lambda _: ZeroDivisionError("nobody foresaw this"),
    Answer.KILLED_AFTER: lambda _: Killed(),
}
