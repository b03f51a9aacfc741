"""The judge looks from outside: at what stands on the platform, at what arrived at the mail server, and at what people are told.

Our own tables say only whether the machine takes itself to be done. What is wrong has a name:

duplicates  more stands (or stood) on the platform than people said yes to
lost        said yes to, not taken back, not up, and no person is told
stuck       the machine is still at it when everything should be settled
wrong_text  something stands there that nobody said yes to, word for word
wrong_parent  something of ours stands where nobody wanted it
unwanted    it went up after a person had taken it back
untold      it is up, the machine does not know it, and no person is asked
not_down    a person wanted it taken down; it is still up, and no person is told
not_once    a mention was not taken in exactly once
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from torture.postbox import Mail

WRONGS = (
    "duplicates", "lost", "stuck", "wrong_text", "wrong_parent", "unwanted", "untold", "not_down", "not_once",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A person's yes: this text, under the post that the platform knows by these ids. `taken_back` in time; `take_down` wanted later;
    `dismissed` when it was on its way already: whoever did that is content with it, and with its not being there."""

    reply_id: int
    text: str
    parents: frozenset[str]
    taken_back: bool = False
    take_down: bool = False
    dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Stands:
    """A post by our account on the platform, as people read it. `down`: it was taken down again."""

    native_id: str
    parent: str | None
    text: str
    down: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the machine makes of a reply: whether it has nothing left to do, believes it is up (and which post it is), and whether a
    person is told or asked."""

    settled: bool
    up: bool
    told: bool
    native_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    what: str
    says: str


def judge_replies(said: Sequence[Said], stands: Sequence[Stands], known: Mapping[int, Known]) -> list[Finding]:
    """What is wrong with the replies of one platform."""
    parents = {parent for one in said for parent in one.parents}
    strays = [one for one in stands if one.parent not in parents]
    findings = [Finding("wrong_parent", f"{one.native_id} stands under {one.parent}") for one in strays]
    for group in _by_parent(said):
        here = [one for one in stands if one.parent in group[0].parents]
        findings += _judge_parent(group, here, known)
    return findings


def _by_parent(said: Iterable[Said]) -> list[list[Said]]:
    groups: dict[frozenset[str], list[Said]] = {}
    for one in said:
        groups.setdefault(one.parents, []).append(one)
    return list(groups.values())


def _judge_parent(said: Sequence[Said], here: Sequence[Stands], known: Mapping[int, Known]) -> list[Finding]:
    where = f"under {'/'.join(sorted(said[0].parents))}"
    findings = [Finding("duplicates", f"{len(here)} {where}, {len(said)} said yes to")] * max(0, len(here) - len(said))
    wanted = {one.text for one in said}
    findings += [Finding("wrong_text", f"{one.text!r} {where}") for one in here if one.text not in wanted]
    again = Counter(one.text for one in here)
    findings += [Finding("duplicates", f"{text!r} stands {much} times {where}")
                 for text, much in again.items() if much > 1 and len(here) <= len(said)]  # fmt: skip
    for one in said:
        mine = [post for post in here if post.text == one.text] or (list(here) if len(said) == 1 else [])
        findings += _judge_one(one, mine, known[one.reply_id], where)
    return findings


def _judge_one(one: Said, mine: Sequence[Stands], known: Known, where: str) -> Iterable[Finding]:
    name = f"reply {one.reply_id} {where}"
    if not known.settled:
        yield Finding("stuck", name)
    if one.taken_back:
        if mine:
            yield Finding("unwanted", name)
        return
    if not mine:
        if not known.told and known.settled and (known.up or not one.dismissed):
            yield Finding("lost", name)
        return
    mistaken = known.native_id is not None and all(not is_same(known.native_id, post.native_id) for post in mine)
    if known.settled and not known.told and (not known.up or mistaken):
        yield Finding("untold", f"{name}, taken for {known.native_id}")
    if one.take_down and not known.told and not all(post.down for post in mine):
        yield Finding("not_down", name)


def is_same(ours: str, theirs: str) -> bool:
    """Whether two names mean one post: places put their own marks before an id (t1_, at://…/)."""
    return ours == theirs or ours.endswith((f"_{theirs}", f"/{theirs}"))


def judge_mentions(written: Iterable[str], taken_in: Iterable[str]) -> list[Finding]:
    """Every mention on the platform was taken in exactly once, whatever happened to the rounds."""
    counts = Counter(taken_in)
    findings = [
        Finding("not_once", f"{native_id} was never taken in") for native_id in written if not counts[native_id]
    ]
    return findings + [
        Finding("not_once", f"{native_id} was taken in {n} times") for native_id, n in counts.items() if n > 1
    ]


@dataclass(frozen=True, slots=True)
class Post:
    """What the mail server shows of the digests: `again` counts repeats under the same Message-ID, which the rules prefer to a loss."""

    findings: tuple[Finding, ...]
    again: int


def judge_mail(
    mails: Sequence[Mail], due: Iterable[tuple[str, date]], zone: ZoneInfo, told: Callable[[str, date], bool]
) -> Post:
    """Digests by recipient and local date: each that was `due` arrived, or (`told`) people see that it did not; a repeat has the same
    Message-ID as the first."""
    arrived: dict[tuple[str, date], list[str]] = {}
    for mail in mails:
        arrived.setdefault((mail.recipient, _day(mail.at, zone)), []).append(mail.message_id)
    findings, again = [], 0
    for (recipient, day), ids in arrived.items():
        findings += [Finding("duplicates", f"two digests of {day} for {recipient}")] * (len(set(ids)) - 1)
        again += len(ids) - len(set(ids))
    for recipient, day in due:
        if (recipient, day) not in arrived and not told(recipient, day):
            findings.append(Finding("lost", f"the digest of {day} for {recipient}"))
    return Post(tuple(findings), again)


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
