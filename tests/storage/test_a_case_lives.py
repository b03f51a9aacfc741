"""A case's life as nobody planned it: Cora, Ana, the machine and the platform act in any order, and what must hold holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.casebook import Judged
from storage.casebook.chain import verify
from storage.casebook.removals import Removal
from storage.lifecycle import SPENT_REPLIES, MovedOn
from storage.words import Draft, Gone, Kind, Post, Posted, Purpose, Reply, ReplyState
from tests.storage.conftest import Base
from tests.storage.house import (
    BY_API,
    BY_HAND,
    CORA,
    DAY,
    HOLD,
    HOUR,
    KEY,
    MINUTE,
    NOON,
    ROSE,
    SECOND,
    US,
    House,
    answer,
    draft,
    post,
    verdict,
)

KINDS = st.sampled_from([Kind.COMPLAINT, Kind.COMPLAINT, Kind.PRAISE, Kind.CHATTER])
ANY = st.integers(min_value=0, max_value=99)


class Life(RuleBasedStateMachine):
    """Every rule is something that one of them may do at any time; being told MovedOn is an answer like another."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house, self.book = house, house.casebook
        self.now: datetime = NOON
        self.posts: list[Post] = []
        self.claims: list[Reply] = []
        self.removals: list[Removal] = []
        self.number = 0
        self.told: set[int] = set()

    # Cora ---------------------------------------------------------------------------------------------------------------

    @initialize()
    def cora_complains(self) -> None:
        """So it begins."""
        self.cora_writes(Kind.COMPLAINT, 0)
        self.cora_writes(Kind.COMPLAINT, 0)

    @rule(kind=KINDS, under=ANY)
    def cora_writes(self, kind: Kind, under: int) -> None:
        """A new conversation now and then, mostly more in one that is there."""
        self.number += 1
        written = post(f"p{self.number}", f"word {self.number}", at=self.now)
        if self.posts and under % 6:
            root = self.posts[under % len(self.posts)]
            written = answer(written.native_id, root, written.text, by=CORA, at=self.now)
        self.posts.append(written)
        self.hear(Judged(written, verdict(kind)))

    @precondition(lambda self: self.posts)
    @rule(which=ANY, kind=KINDS, by_poll=st.booleans())
    def cora_edits(self, which: int, kind: Kind, by_poll: bool) -> None:
        """She changes what she wrote; a poll or a second look brings it."""
        self.number += 1
        place = which % len(self.posts)
        edited = replace(self.posts[place], text=f"edit {self.number}", edited_at=self.now)
        self.posts[place] = edited
        if by_poll:
            self.hear(Judged(edited, verdict(kind)))
        else:
            self.again(Judged(edited, verdict(kind)))

    @precondition(lambda self: self.posts)
    @rule(which=ANY, back=st.booleans())
    def cora_deletes(self, which: int, back: bool) -> None:
        """She takes a post away, or it is back."""
        chosen = self.posts[which % len(self.posts)]
        if back:
            self.hear(Judged(chosen, verdict()))
        else:
            self.again(Gone(chosen.native_id, "deleted"))

    @precondition(lambda self: self.posts)
    @rule(which=ANY, known=st.booleans())
    def we_are_seen_on_the_site(self, which: int, known: bool) -> None:
        """An answer under one of her posts: one that the machine sent, or one that Ben wrote in the app."""
        self.number += 1
        under = self.posts[which % len(self.posts)]
        sent = [claim for claim in self.claims if under.native_id in claim.parent_ids]
        native_id = f"r{sent[0].id}-{sent[0].fence}" if known and sent else f"outside{self.number}"
        self.hear(Judged(answer(native_id, under, "Sorry!", by=US, at=self.now), verdict(Kind.CHATTER)))

    # People -------------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.pick("cases WHERE state = 'open'", 0))
    @rule(which=ANY, far=st.sampled_from(["posted", "unsure", "claimed", "held", "held"]))
    def ana_answers(self, which: int, far: str) -> None:
        """The machine proposes, Ana approves in sight of the present turn, and it goes out as far as it may."""
        case_id = self.pick("cases WHERE state = 'open'", which)
        assert case_id is not None
        reply_id = self.approves(case_id, draft(purpose=Purpose.FOLLOW_UP if which % 2 else Purpose.ACKNOWLEDGE))
        if reply_id is None or far == "held":
            return
        self.now += 2 * MINUTE
        claim = self.claims_it(reply_id)
        if claim is not None and far == "posted":
            up = Posted(f"r{claim.id}-{claim.fence}", None, self.now)
            self.book.replies.posted(claim.id, claim.fence, up, self.now)
        elif claim is not None and far == "unsure":
            self.book.replies.unsure(claim.id, claim.fence, "broke", self.now + MINUTE, self.now)

    @precondition(lambda self: self.posts)
    @rule(which=ANY, own=st.sampled_from(list(Purpose)), by_hand=st.booleans(), stale=st.booleans())
    def ana_writes_her_own(self, which: int, own: Purpose, by_hand: bool, stale: bool) -> None:
        """Her own words in any case, perhaps in sight of an older turn, perhaps to be posted by hand."""
        case_id = self.pick("cases", which)
        if case_id is not None:
            self.approves(case_id, draft(purpose=own), by_hand=by_hand, stale=stale)

    def approves(self, case_id: int, said: Draft, *, by_hand: bool = False, stale: bool = False) -> int | None:
        reach = BY_HAND if by_hand else BY_API
        written = self.book.proposals.write(case_id, said, reach, self.now)
        seen = self.house.file(case_id).case.turn - stale
        with suppress(MovedOn):
            return self.book.replies.approve(written, seen, self.house.ana, self.now, hold=HOLD)
        return None

    def claims_it(self, reply_id: int) -> Reply | None:
        claimed = self.book.replies.claim(reply_id, self.now)
        if claimed is not None:
            assert claimed.text == self.house.one("SELECT approved_text FROM replies WHERE id = :id", id=reply_id)
            self.claims.append(claimed)
        return claimed

    @rule(which=ANY, act=st.sampled_from(["dismiss", "reopen", "offline", "resolve", "answered", "note", "snooze"]))
    def ben_decides(self, which: int, act: str) -> None:
        """What a person can do with a case."""
        case_id, cases, ben, now = self.pick("cases", which), self.book.cases, self.house.ben, self.now
        if case_id is None:
            return
        acts: dict[str, Callable[[], None]] = {
            "dismiss": lambda: cases.dismiss(case_id, "praise", ben, now),
            "reopen": lambda: cases.reopen(case_id, "", ben, now),
            "offline": lambda: cases.offline(case_id, "", ben, now),
            "resolve": lambda: cases.resolve(case_id, "Oven", "Cake", "", ben, now),
            "answered": lambda: cases.already_answered(case_id, ben, now),
            "note": lambda: cases.note(case_id, "I know her.", ben, now),
            "snooze": lambda: cases.snooze(case_id, now + HOUR, ben, now),
        }
        self.may(acts[act])

    @precondition(lambda self: self.pick("replies", 0))
    @rule(which=ANY, act=st.sampled_from(["withdraw", "hand over", "by hand", "there", "not there", "down", "up"]))
    def ana_sees_to_a_reply(self, which: int, act: str) -> None:
        """What a person can do with a reply."""
        reply_id, replies, ana, now = self.pick("replies", which), self.book.replies, self.house.ana, self.now
        if reply_id is None:
            return
        acts: dict[str, Callable[[], None]] = {
            "withdraw": lambda: replies.withdraw(reply_id, ana, now),
            "hand over": lambda: replies.hand_over(reply_id, ana, now),
            "by hand": lambda: replies.posted_by_hand(reply_id, None, ana, now),
            "there": lambda: replies.person_says(reply_id, True, ana, now),
            "not there": lambda: replies.person_says(reply_id, False, ana, now),
            "down": lambda: self.book.removals.approve(reply_id, "", ana, now, hold=HOLD),
            "up": lambda: self.book.removals.undo(reply_id, ana, now),
        }
        self.may(acts[act])

    @rule()
    def ana_pauses(self) -> None:
        """While the switch is on nothing is claimed; then it goes on."""
        self.book.pauses.pause("*", self.house.ana, self.now)
        assert self.book.replies.due(self.now + DAY) == ()
        assert self.book.removals.due(self.now + DAY) == ()
        self.book.pauses.resume("*", self.house.ana, self.now)

    # The machine --------------------------------------------------------------------------------------------------------

    @rule(waits=st.booleans())
    def the_outbox_claims(self, waits: bool) -> None:
        """Whatever is due is claimed, often once its undo window is over."""
        self.now += 2 * MINUTE * waits
        for due in self.book.replies.due(self.now):
            self.claims_it(due.id)

    @precondition(lambda self: self.claims)
    @rule(which=ANY, how=st.sampled_from(["posted", "put back", "refused", "hand", "unsure", "crash"]))
    def the_platform_says(self, which: int, how: str) -> None:
        """How a claim ended, perhaps long after it was lost."""
        claim, replies, now = self.claims[which % len(self.claims)], self.book.replies, self.now
        up = Posted(f"r{claim.id}-{claim.fence}", None, now)
        ends: dict[str, Callable[[], None]] = {
            "posted": lambda: replies.posted(claim.id, claim.fence, up, now),
            "put back": lambda: replies.put_back(claim.id, claim.fence, "away", now + MINUTE, now),
            "refused": lambda: replies.refused(claim.id, claim.fence, "no", now),
            "hand": lambda: replies.refused(claim.id, claim.fence, "no", now, by_hand=True),
            "unsure": lambda: replies.unsure(claim.id, claim.fence, "broke", now + MINUTE, now),
            "crash": lambda: None,
        }
        self.may(ends[how])

    @rule(how=st.sampled_from(["found", "not found", "again", "ask", "later"]))
    def the_outbox_looks(self, how: str) -> None:
        """The stranded become unsure; the unsure are looked for."""
        replies, now = self.book.replies, self.now
        for reply in replies.stranded(now):
            replies.unsure(reply.id, reply.fence, "stopped", now, now)
        for reply, _looks in replies.to_look(now):
            up = Posted(f"r{reply.id}-{reply.fence}", None, now)
            if how == "found":
                replies.found(reply.id, reply.fence, up, now)
            elif how == "later":
                replies.look_later(reply.id, reply.fence, now + MINUTE, "away", now)
            elif how == "again":
                self.may(lambda reply=reply: replies.try_again(reply.id, reply.fence, now, keyed=False))  # type: ignore[misc]
            else:
                next_look = None if how == "ask" else now + MINUTE
                replies.not_found(reply.id, reply.fence, "not there", next_look, now)

    @rule(ends=st.sampled_from(["removed", "later", "told", "crash"]))
    def the_outbox_takes_down(self, ends: str) -> None:
        """What is to come down comes down, or does not."""
        removals = self.book.removals
        self.removals += [one for one in (removals.claim(due, self.now) for due in removals.due(self.now)) if one]
        for one in self.removals:
            if ends == "removed":
                self.may(lambda one=one: removals.removed(one.reply_id, one.fence, self.now))  # type: ignore[misc]
            elif ends != "crash":
                retry_at = self.now + MINUTE if ends == "later" else None
                removals.failed(one.reply_id, one.fence, "away", retry_at, self.now)

    @rule(by=st.sampled_from([SECOND, 2 * MINUTE, 2 * MINUTE, HOUR, 3 * DAY, -HOUR]))
    def time_passes(self, by: timedelta) -> None:
        """Or the clock is set back."""
        self.now += by

    # What must hold -----------------------------------------------------------------------------------------------------

    @invariant()
    def never_two_live_answers_to_one_post_for_one_purpose(self) -> None:
        """Cora is not answered twice."""
        spent = ", ".join(f"'{state}'" for state in SPENT_REPLIES)
        assert not self.house.rows(
            f"SELECT parent_id, purpose FROM replies WHERE state NOT IN ({spent})"
            " GROUP BY brand, place, parent_id, purpose HAVING count(*) > 1"
        )

    @invariant()
    def nothing_is_up_that_nobody_approved(self) -> None:
        """Approved here word for word, or written by somebody on the site."""
        assert not self.house.rows(
            "SELECT id FROM replies WHERE state IN ('posted', 'removed', 'sending', 'uncertain')"
            " AND approved_text IS NULL AND origin != 'outside'"
        )

    @invariant()
    def what_is_held_was_approved_in_sight_of_what_stands_now(self) -> None:
        """Unless it was already on its way; then the next claim looks again."""
        assert not self.house.rows(
            "SELECT replies.id FROM replies JOIN cases ON cases.id = case_id"
            " WHERE replies.state = 'approved' AND attempt = 0 AND seen_turn != turn"
        )

    @invariant()
    def nothing_approved_is_lost_in_silence(self) -> None:
        """What was taken back was taken back by a person, or the case says so."""
        rows = self.house.rows(
            "SELECT thing_id, who, parked_why FROM history JOIN cases ON cases.id = case_id"
            " WHERE thing = 'reply' AND now_is = 'withdrawn'"
        )
        for reply_id, who, parked_why in rows:
            if reply_id not in self.told:
                self.told.add(reply_id)
                assert str(who).startswith("person:") or parked_why, (reply_id, who)

    def teardown(self) -> None:
        """The history tells it all, every open case can be seen somewhere, every unfinished reply is found by somebody."""
        assert verify(self.house.engine, KEY) == ()
        far = max(self.now, NOON) + 30 * DAY
        reading, replies = self.house.reading, self.book.replies
        lists = reading.lists(far)
        seen = {
            row.case_id
            for rows in (reading.inbox(far).rows, lists.by_hand, lists.parked, lists.held, lists.ready_to_close)
            for row in rows
        }
        assert {case for (case,) in self.house.rows("SELECT id FROM cases WHERE state = 'open'")} <= seen
        found = {
            ReplyState.APPROVED: {due.id for due in replies.due(far, limit=100)},
            ReplyState.SENDING: {reply.id for reply in replies.stranded(far)},
        }
        for state, ids in found.items():
            waiting = {one for (one,) in self.house.rows("SELECT id FROM replies WHERE state = :s", s=str(state))}
            assert waiting <= ids, state
        # Looked for until only a person can tell; the person sees it all the while.
        unsure = {case for (case,) in self.house.rows("SELECT case_id FROM replies WHERE state = 'uncertain'")}
        assert unsure - self.dismissed() <= {row.case_id for row in lists.parked} | {
            row.case_id for row in lists.by_hand
        }

    def dismissed(self) -> set[int]:
        return {case for (case,) in self.house.rows("SELECT id FROM cases WHERE state = 'dismissed'")}

    # Means --------------------------------------------------------------------------------------------------------------

    def hear(self, judged: Judged) -> None:
        self.house.hear(judged, now=self.now)

    def again(self, seen: Judged | Gone) -> None:
        self.book.rounds.record_again(ROSE.key, [seen], "x", self.now)

    def pick(self, table: str, which: int) -> int | None:
        ids = [int(row[0]) for row in self.house.rows(f"SELECT id FROM {table} ORDER BY id")]
        return ids[which % len(ids)] if ids else None

    def may(self, act: Callable[[], object]) -> None:
        with suppress(MovedOn):
            act()


def test_whatever_happens_in_a_cases_life(base: Base) -> None:
    def born() -> RuleBasedStateMachine:
        base.begin()
        return Life(base.house())

    run_state_machine_as_test(  # it calls what it is given, whatever its annotation says
        born,  # type: ignore[arg-type]
        # Shrinking takes minutes. On PostgreSQL fewer: test_same_on_both holds that the two are alike.
        settings=settings(
            max_examples=30 if base.kind == "sqlite" else 8, stateful_step_count=30, phases=[Phase.generate]
        ),
    )
