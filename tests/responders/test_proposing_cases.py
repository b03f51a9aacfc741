"""Proposing on a real base: every open case gets its proposals once a turn, and one that fails stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from places.doors import Capabilities, Place, Publisher, Repeat
from responders.proposing import propose_due, propose_one
from storage.casebook import Casebook, Judged
from storage.engine import open_engine
from storage.reading import Reading
from storage.views import CaseFile
from storage.words import (
    Account,
    Audience,
    Author,
    Batch,
    Brand,
    Draft,
    Kind,
    Length,
    Post,
    Posted,
    Purpose,
    Reach,
    ReachHow,
    Reply,
    Topic,
    Verdict,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROSE = Brand("rosebakery", "Rose Bakery", names=("Rose Bakery",), handles={"x": "rosebakery"})
SUMMONED = Reach(ReachHow.API, "Cora mentioned you.", Decimal("0.01"))


@dataclass
class Platform:
    """A place that counts characters and reaches whom it is told to reach; `broken` are posts it stumbles over."""

    place: str = "x"
    account: str = "rosebakery"
    posts_here: bool = True
    broken: set[str] = field(default_factory=set)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(self.place, "X", True, self.posts_here, True, False, Repeat.NEVER, MINUTE)

    def measure(self, text: str, audience: Audience) -> Length:
        return Length(len(text), 280)

    def compose_link(self, reply: Reply) -> str | None:
        return None

    def me(self, now: datetime) -> Account:
        return Account("x", "1", "rosebakery")

    def reach(self, post: Post, audience: Audience) -> Reach:
        if post.native_id in self.broken:
            raise RuntimeError("the platform's file stumbled")
        return SUMMONED

    def post(self, reply: Reply, now: datetime) -> Posted:
        raise AssertionError("proposing never posts")

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        raise AssertionError("proposing never looks")

    def remove(self, posted: Posted, now: datetime) -> None:
        raise AssertionError("proposing never removes")


@dataclass
class Bakery:
    """Ana's bakery on a base of its own."""

    casebook: Casebook
    reading: Reading
    platform: Platform
    brands: dict[str, Brand]
    places: dict[str, Place] = field(default_factory=dict)
    publishers: dict[tuple[str, str], Publisher] = field(default_factory=dict)
    clock: datetime = NOON

    def hear(
        self, native_id: str, text: str, *, by: str = "c", parent: str | None = None, place: str = "x", **also: object
    ) -> int:
        """Somebody writes; gives the case it raised, or 0."""
        self.clock += 5 * MINUTE
        post = Post(place, native_id, Author(by, by), text, self.clock - MINUTE, parent or native_id, parent_id=parent)
        judged = Judged(post, replace(verdict(), **also))  # type: ignore[arg-type]
        if place != "x":
            return next(iter(self.casebook.rounds.record_import("rosebakery", [judged], self.clock).raised), 0)
        key = "x:mentions:rosebakery"
        self.casebook.sources.ensure(key, "rosebakery", "x", MINUTE, self.clock)
        self.casebook.sources.poll_now(self.clock)
        claimed = self.casebook.sources.claim(key, self.clock)
        assert claimed is not None
        round_ = self.casebook.rounds.record(key, claimed.fence, [judged], Batch((post,), native_id), self.clock)
        return next(iter(round_.raised), 0)

    def propose(self) -> int:
        return propose_due(self.casebook, self.reading, self.places, self.publishers, self.brands, self.clock)

    def propose_for(self, case_id: int) -> bool:
        return propose_one(self.casebook, self.reading, self.places, self.publishers, self.brands, case_id, self.clock)

    def file(self, case_id: int) -> CaseFile:
        found = self.reading.case(case_id)
        assert found is not None
        return found

    def post_first(self, case_id: int) -> None:
        """Ana approves the best proposal and it goes up."""
        file = self.file(case_id)
        reply = self.casebook.replies.approve(
            file.proposals[0].id, file.case.turn, "person:1", self.clock, hold=timedelta(0)
        )
        claimed = self.casebook.replies.claim(reply, self.clock + MINUTE)
        assert claimed is not None
        self.casebook.replies.posted(reply, claimed.fence, Posted(f"r{reply}", None, self.clock), self.clock + MINUTE)


def verdict() -> Verdict:
    return Verdict(Kind.COMPLAINT, 0.9, "en", -0.6, Topic.DELIVERY, 2, (), model_version="test-1")


@pytest.fixture
def bakery(migrated_sqlite_url: str) -> Iterator[Bakery]:
    engine = open_engine(migrated_sqlite_url)
    casebook, platform = Casebook(engine, b"test"), Platform()
    casebook.brands.sync([ROSE], NOON)
    casebook.brands.own_account("rosebakery", Account("x", "1", "rosebakery"), NOON)
    casebook.people.add("ana@rosebakery.example", "Ana", "owner", "-", NOON)
    yield Bakery(
        casebook, Reading(engine), platform, {"rosebakery": ROSE}, {"x": platform}, {("rosebakery", "x"): platform}
    )
    engine.dispose()


def test_a_new_complaint_gets_its_alternatives_once(bakery: Bakery) -> None:
    case_id = bakery.hear("p1", "my cake came two hours late")
    assert bakery.propose() == 1
    assert bakery.propose() == 0
    proposals = bakery.file(case_id).proposals
    assert [one.alternative for one in proposals] == [0, 1, 2]
    assert {one.purpose for one in proposals} == {Purpose.ACKNOWLEDGE}
    assert {one.reach for one in proposals} == {SUMMONED}
    assert all(one.findings == () and one.made_by == "parts" for one in proposals)
    assert "late" in proposals[0].text or "wait" in proposals[0].text


def test_when_cora_writes_before_we_answer_the_new_proposal_still_acknowledges(bakery: Bakery) -> None:
    case_id = bakery.hear("p1", "my cake came late")
    bakery.propose()
    bakery.hear("p2", "and it is cold", parent="p1")
    assert bakery.propose() == 1
    assert {one.purpose for one in bakery.file(case_id).proposals} == {Purpose.ACKNOWLEDGE}


def test_when_cora_writes_after_our_answer_the_proposal_follows_up(bakery: Bakery) -> None:
    case_id = bakery.hear("p1", "my cake came late")
    bakery.propose()
    bakery.post_first(case_id)
    bakery.hear("p2", "This is ridiculous, still nothing", parent="p1")
    assert bakery.propose() == 1
    file = bakery.file(case_id)
    assert {one.purpose for one in file.proposals} == {Purpose.FOLLOW_UP}
    assert all(one.findings == () for one in file.proposals)


def test_one_case_that_fails_is_told_and_stops_no_other(bakery: Bakery) -> None:
    first = bakery.hear("p1", "my cake came late", by="c", urgency=4)
    second = bakery.hear("p2", "my bread was cold", by="d")
    bakery.platform.broken = {"p1"}
    with capture_logs() as logs:
        assert bakery.propose() == 1
    assert [line["case"] for line in logs if line["log_level"] == "error"] == [first]
    assert bakery.file(second).proposals
    bakery.platform.broken = set()
    assert bakery.propose() == 1
    assert bakery.file(first).proposals


def test_a_case_of_a_brand_that_left_the_config_is_passed_over(bakery: Bakery) -> None:
    bakery.hear("p1", "my cake came late")
    bakery.brands.clear()
    assert bakery.propose() == 0


def test_without_an_account_the_owner_posts_and_reads_why(bakery: Bakery) -> None:
    case_id = bakery.hear("p1", "my cake came late")
    bakery.publishers.clear()
    bakery.propose()
    reach = bakery.file(case_id).proposals[0].reach
    assert reach.how is ReachHow.BY_HAND
    assert "No account of yours on X" in reach.why


def test_a_pasted_complaint_is_answered_by_hand_in_its_own_length(bakery: Bakery) -> None:
    case_id = bakery.hear("g1", "my cake came late", place="Google")
    bakery.propose()
    file = bakery.file(case_id)
    assert file.proposals[0].reach.how is ReachHow.BY_HAND
    assert "copy the reply" in file.proposals[0].reach.why
    assert all("private message" not in one.text for one in file.proposals)


def test_twelve_people_under_one_post_read_twelve_answers(bakery: Bakery) -> None:
    cases = [
        bakery.hear(f"p{number}", "I waited an hour", by=f"c{number}", parent="root", topic=Topic.WAITING)
        for number in range(12)
    ]
    assert bakery.propose() == 12
    assert len({bakery.file(case_id).proposals[0].text for case_id in cases}) == 12


@pytest.mark.parametrize("language", ["ru", "ro", "te", "de", "und"])
def test_other_languages_get_theirs(bakery: Bakery, language: str) -> None:
    case_id = bakery.hear("p1", "…", language=language)
    bakery.propose()
    proposals = bakery.file(case_id).proposals
    flagged = [one for one in proposals if any(found.code == "wrong_language" for found in one.findings)]
    assert bool(flagged) is (language == "de")
    assert bakery.file(case_id).case.language == language


def test_proposing_for_one_case_does_it_once_and_for_no_case_nothing(bakery: Bakery) -> None:
    case_id = bakery.hear("p1", "my cake came late")
    assert bakery.propose_for(case_id)
    assert not bakery.propose_for(case_id)
    assert not bakery.propose_for(case_id + 1)


def test_what_ana_writes_herself_does_not_keep_the_proposals_away(bakery: Bakery) -> None:
    case_id = bakery.hear("p1", "my cake came late")
    own = Draft("We're sorry, Cora.", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE, made_by="person:1")
    bakery.casebook.proposals.write(case_id, own, SUMMONED, bakery.clock)
    bakery.propose_for(case_id)
    assert "We're sorry, Cora." in {one.text for one in bakery.file(case_id).proposals}
