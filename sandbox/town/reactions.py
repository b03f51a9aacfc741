"""What people do when a shop has answered them: thank, write privately, stay angry, get angrier, gather round.

Each answer is read once by the one it was written to, and what comes of it depends on the seed and the texts alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sandbox.town.chance import chance
from sandbox.town.content import Content, Speech, choose
from sandbox.town.founding import tagged, townsperson
from sandbox.town.judging import Feeling, Impression, judge, language_of
from sandbox.town.stream import make_voice
from sandbox.world import World, WorldAccount, WorldPost

CALM = frozenset({"praise", "question", "chatter"})
SILENT = frozenset({"news", "spam", "repost", "own", "not_us"})
"""Kinds of posts whose authors are friendly, or do not read answers at all."""

GATHERS = 0.35
"""How often somebody else joins in after a bad answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A shop's answer to somebody: the reply, what it stands under, and all that the customer wrote there."""

    reply: WorldPost
    shop: WorldAccount
    customer: WorldAccount
    parent: WorldPost
    complaint: str
    kind: str
    language: str
    answered_before: bool


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the customer does: write publicly (""), write privately (""), and how the answer felt (None: it was no complaint)."""

    public: str = ""
    private: str = ""
    bystander: str = ""
    impression: Impression | None = None


def find_answer(world: World, content: Content, reply: WorldPost, shop: WorldAccount) -> Answer | None:
    """Whom a shop's post answers; None when it stands alone, or answers a shop, a newspaper or a spammer."""
    parent = world.post(reply.place, reply.parent_id) if reply.parent_id is not None else None
    if parent is None or parent.deleted_at is not None or reply.deleted_at is not None:
        return None
    customer = world.account(parent.place, id=parent.author_id)
    if customer is None or customer.handle in {each.handle for each in content.shops}:
        return None
    thread = world.conversation(reply.place, reply.conversation_id)
    theirs = [each for each in thread if each.author_id == customer.id]
    kinds = [world.recall(f"town:kind:{each.place}:{each.history[0]}") or "" for each in theirs]
    kind = next(filter(None, kinds), "complaint")
    if kind in SILENT:
        return None
    written = " ".join(f"{each.title} {each.text}" for each in theirs)
    own = {history for each in theirs for history in each.history}
    before = [
        each
        for each in thread
        if each.author_id == shop.id and each.parent_id in own and each.created_at < reply.created_at
    ]
    language = language_of(written, content) or "en"
    return Answer(reply, shop, customer, parent, written, kind, language, answered_before=bool(before))


def react(answer: Answer, seed: int, content: Content) -> Reaction:
    """What the customer makes of the answer, and does."""
    speech = content.speech[answer.language]
    rng = chance(seed, answer.parent.text, answer.reply.text)
    name = answer.customer.name.split(" ")[0]
    if answer.kind in CALM:
        return Reaction(public=_say(speech, "nice", rng, name))
    impression = judge(answer.reply.text, answer.complaint, answer.language, content)
    if impression.feeling is Feeling.BAD:
        return Reaction(_angrier(speech, impression.why, rng), "", _gather(speech, answer, rng), impression)
    choice = _choose_good(answer, impression, rng) if impression.feeling is Feeling.GOOD else _choose_middling(rng)
    if choice == "private":
        return Reaction(_say(speech, "private_here", rng, name), _say(speech, "private", rng, name), "", impression)
    return Reaction(public=_say(speech, choice, rng, name), impression=impression)


def carry_out(world: World, answer: Answer, reaction: Reaction, seed: int, content: Content) -> None:
    """Let it happen in the world, as of its clock."""
    now, reply = world.clock(), answer.reply
    if reaction.private:
        world.message(reply.place, answer.customer.id, answer.shop.id, reaction.private, at=now)
    for author, text in ((answer.customer, reaction.public), (None, reaction.bystander)):
        if not text:
            continue
        if author is None:
            voice = make_voice(chance(seed, "by", answer.reply.text), content.speech[answer.language])
            author = townsperson(world, reply.place, voice.handle, voice.name, now)  # noqa: PLW2901 - the one who joins in
        lang = tagged(text, answer.language) if reply.place == "x" else None
        world.publish(reply.place, author.id, text, at=now, parent_id=reply.id, lang=lang)


def _choose_good(answer: Answer, impression: Impression, rng: Random) -> str:
    roll = rng.random()
    if answer.answered_before:
        return "thanks" if roll < 0.8 else "still"
    if impression.invites:
        return "thanks" if roll < 0.4 else "private" if roll < 0.8 else "still"
    return "thanks" if roll < 0.65 else "still"


def _choose_middling(rng: Random) -> str:
    return rng.choices(["unsure", "still", "thanks"], weights=[6, 2, 2])[0]


def _angrier(speech: Speech, why: str, rng: Random) -> str:
    return choose(rng.choice(speech.angrier[why]), rng)


def _gather(speech: Speech, answer: Answer, rng: Random) -> str:
    if rng.random() >= GATHERS:
        return ""
    voice = answer.customer.handle
    text = choose(rng.choice(speech.says["pile_on"]), rng).replace(" {name}", "")
    return text.replace("@{handle}", f"@{voice}" if answer.reply.place == "x" else f"u/{voice}")


def _say(speech: Speech, what: str, rng: Random, name: str) -> str:
    return choose(rng.choice(speech.says[what]), rng).replace("{name}", name)
