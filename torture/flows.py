"""The register of flows: everything that touches a platform, a mail server or the base belongs to one, and each is played by the harness.

`plays` are the names under which it is played (torture.outside, torture.inside; RANDOM: in the chapters). A test holds the register
against the code: whatever writes and is not named here fails, and so does a name that no longer exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torture.inside import INSIDE
from torture.outside import OUTSIDE
from torture.tally import RANDOM


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow. `works` are due works, `writes` methods of the casebook's shelves that write ("replies.claim"), `doors` methods of Source
    and Publisher, `posts` the paths of POST routes."""

    says: str
    plays: tuple[str, ...]
    works: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()


CASE = "/cases/{case_id}"
MENTION = "/heard/{mention_id}"


def _press(*paths: str) -> tuple[str, ...]:
    return tuple(f"press {path}" for path in paths)


FLOWS: Mapping[str, Flow] = {
    "poll": Flow(
        "Sources are read.",
        ("poll", "press /sources/poll", "act: free a source"),
        works=("accounts", "poll"),
        writes=("sources.claim", "sources.failed", "sources.free", "sources.poll_now", "brands.own_account"),
        doors=("Source.poll", "Publisher.me"),
        posts=("/sources/poll",),
    ),
    "record": Flow(
        "What was read or pasted is stored, judged, and raises cases.",
        ("poll", "press /paste", "act: look closer"),
        writes=("rounds.record", "rounds.record_import", "verdicts.record"),
        posts=("/paste",),
    ),
    "follow": Flow(
        "Live cases are looked at again.",
        ("follow",),
        works=("follow",),
        writes=("rounds.to_follow", "rounds.record_again", "sources.followed", "sources.follow_failed"),
        doors=("Source.again", "Source.thread"),
    ),
    "listen": Flow(
        "Mentions are judged again by both looks, and what people decided is learnt.",
        ("again", "learn", *_press(f"{MENTION}/missed", f"{MENTION}/tell", *(f"/listening/{act}" for act in ("ask", "reset", "back")))),
        works=("again", "learn"),
        writes=(
            "verdicts.claim_again", "verdicts.leave", "hearings.claim_due", "hearings.learnt", "hearings.keep_features",
            "hearings.ask_per_day", "hearings.reset", "hearings.go_back", "hearings.tell", "cases.raise_missed",
        ),
        posts=(f"{MENTION}/missed", f"{MENTION}/tell", *(f"/listening/{act}" for act in ("ask", "reset", "back"))),
    ),
    "propose": Flow(
        "Texts are proposed, changed, written.",
        ("poll", "follow", *_press(f"{CASE}/propose", f"{CASE}/draft", f"{CASE}/check", f"{CASE}/correct", f"{CASE}/approve")),
        works=("propose",),
        writes=("proposals.store", "proposals.write", "proposals.revise"),
        doors=("Publisher.reach",),
        posts=(f"{CASE}/propose", f"{CASE}/draft", f"{CASE}/check", f"{CASE}/correct"),
    ),
    "approve": Flow(
        "A person says yes, or takes it back.",
        _press(f"{CASE}/approve", f"{CASE}/undo"),
        writes=("replies.approve", "replies.withdraw"),
        posts=(f"{CASE}/approve", f"{CASE}/undo"),
    ),
    "claim": Flow(
        "A due reply is looked at once more, and taken for posting.",
        ("post", "post, read", RANDOM),
        writes=("replies.claim", "replies.put_off"),
        doors=("Source.again",),
    ),
    "post": Flow("One request puts it up.", ("post", RANDOM), works=("post",), doors=("Publisher.post",)),
    "settle": Flow(
        "What came of it is written down under the claim's fence.",
        ("post", RANDOM),
        writes=("replies.posted", "replies.put_back", "replies.refused", "replies.unsure"),
    ),
    "look": Flow(
        "An uncertain reply is looked for.",
        ("look, up", "look, lost", RANDOM, f"press {CASE}/is-it-there"),
        works=("look",),
        writes=(
            "replies.unsure", "replies.found", "replies.not_found", "replies.look_later", "replies.try_again",
            "replies.person_says",
        ),
        doors=("Publisher.find",),
        posts=(f"{CASE}/is-it-there",),
    ),
    "by hand": Flow(
        "A person posts it on the platform's own page.",
        _press(f"{CASE}/posted", f"{CASE}/hand-over"),
        writes=("replies.posted_by_hand", "replies.hand_over"),
        posts=(f"{CASE}/posted", f"{CASE}/hand-over"),
    ),
    "remove": Flow(
        "A reply is taken down again.",
        ("remove", RANDOM, *_press(f"{CASE}/take-down", f"{CASE}/leave-up")),
        works=("remove",),
        writes=("removals.approve", "removals.undo", "removals.claim", "removals.removed", "removals.failed"),
        doors=("Publisher.remove",),
        posts=(f"{CASE}/take-down", f"{CASE}/leave-up"),
    ),
    "pause": Flow(
        "Nothing is posted for a while.",
        (RANDOM, *_press("/pause", "/resume")),
        writes=("pauses.pause", "pauses.resume"),
        posts=("/pause", "/resume"),
    ),
    "case": Flow(
        "People decide about cases.",
        _press(*(f"{CASE}/{act}" for act in (
            "already-answered", "dismiss", "reopen", "snooze", "offline", "resolve", "note", "do-not-contact", "read",
        ))),
        writes=(
            "cases.already_answered", "cases.dismiss", "cases.reopen", "cases.snooze", "cases.offline", "cases.resolve",
            "cases.note", "cases.do_not_contact", "cases.unpark",
        ),
        posts=tuple(f"{CASE}/{act}" for act in (
            "already-answered", "dismiss", "reopen", "snooze", "offline", "resolve", "note", "do-not-contact", "read",
        )),
    ),
    "older": Flow(
        "One older complaint a day is taken up.",
        ("older", "press /older"),
        works=("older",),
        writes=("cases.raise_old_due", "brands.answer_old_one_a_day"),
        posts=("/older",),
    ),
    "digest": Flow(
        "The daily mail.",
        ("digest",),
        works=("digest",),
        writes=("digests.claim", "digests.sent", "digests.failed"),
    ),
    "alert": Flow(
        "A mail at once when a platform cannot be seen.",
        ("alert",),
        works=("alert",),
        writes=("alerts.claim", "alerts.sent", "alerts.failed"),
    ),
    "people": Flow(
        "Who works here comes in, goes, and changes the password.",
        ("act: bring people", *_press("/sign-in", "/sign-out", "/account/password")),
        writes=(
            "people.add", "people.set_role", "people.set_password", "people.open_session", "people.close_session",
            "people.person_for",
        ),
        posts=("/sign-in", "/sign-out", "/account/password"),
    ),
    "start": Flow(
        "What every start writes, and who does the work.",
        ("act: start up", "act: hold the lease"),
        writes=("brands.sync", "sources.ensure", "leases.hold", "leases.release", "leases.touch"),
    ),
    "forget": Flow(
        "A person is forgotten, and what told of somebody's health; and stays so.",
        ("act: forget", "act: forget again", "forget"),
        works=("forget",),
        writes=("forgetting.forget", "forgetting.forget_again", "forgetting.forget_health"),
    ),
    "clock": Flow(
        "The computer's clock was set, and nothing is cut short or left waiting for it.",
        ("act: clock set forward", "act: clock set back"),
        writes=("clocks.note", "clocks.was_set", "digests.not_yet", "replies.look_anew"),
    ),
    "restore": Flow(
        "An older copy of the base is made safe to go on from.",
        ("act: restore",),
        writes=("restoring.mark_copy", "restoring.settle"),
    ),
}  # fmt: skip


def played() -> Iterator[str]:
    """Every name under which something is played."""
    yield from (RANDOM, *OUTSIDE, *INSIDE)
