"""The judge has teeth: each rule, broken on purpose, is found; and what is right is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from torture.judge import WRONGS, Known, Said, Stands, judge_mail, judge_mentions, judge_replies
from torture.postbox import Mail

SORRY = "We are sorry, Cora."
ANA_SAID_YES = Said(1, SORRY, frozenset({"100", "101"}))  # Cora edited once, and X gave her post a second id
IT_STANDS = Stands("900", "100", SORRY)
ALL_IS_WELL = Known(settled=True, up=True, told=False, native_id="t1_900")
ANA_IS_ASKED = Known(settled=True, up=False, told=True)
AT_EIGHT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
DIGEST = Mail(AT_EIGHT, "ana@rosebakery.example", "<digest-2026-03-02@amends.invalid>")


def wrongs(stands: Sequence[Stands], known: Known, said: Said = ANA_SAID_YES) -> list[str]:
    """What the judge calls what is wrong with one reply."""
    return [finding.what for finding in judge_replies([said], stands, {1: known})]


@pytest.mark.parametrize(
    ("stands", "known"),
    [
        ([IT_STANDS], ALL_IS_WELL),
        ([replace(IT_STANDS, parent="101")], ALL_IS_WELL),
        ([], ANA_IS_ASKED),
        ([IT_STANDS], replace(ANA_IS_ASKED, up=False)),
    ],
)
def test_one_that_stands_where_it_should_or_is_told_is_right(stands: Sequence[Stands], known: Known) -> None:
    assert wrongs(stands, known) == []


def test_two_under_one_post_are_found() -> None:
    assert wrongs([IT_STANDS, replace(IT_STANDS, native_id="901")], ALL_IS_WELL) == ["duplicates"]


def test_two_are_found_when_one_was_taken_down_again() -> None:
    assert wrongs([IT_STANDS, replace(IT_STANDS, native_id="901", down=True)], ALL_IS_WELL) == ["duplicates"]


def test_two_are_found_when_the_second_was_worded_otherwise() -> None:
    assert "duplicates" in wrongs([IT_STANDS, Stands("901", "100", SORRY + " (again)")], ALL_IS_WELL)


def test_one_text_twice_is_found_where_two_were_wanted() -> None:
    closing = Said(2, "The new cake is on its way.", ANA_SAID_YES.parents)
    twice = [IT_STANDS, replace(IT_STANDS, native_id="901")]
    known = {1: ALL_IS_WELL, 2: replace(ALL_IS_WELL, native_id="902")}
    found = [finding.what for finding in judge_replies([ANA_SAID_YES, closing], twice, known)]
    assert sorted(found) == ["duplicates", "lost"]


def test_other_words_than_those_approved_are_found() -> None:
    assert wrongs([replace(IT_STANDS, text="Sorry!")], ALL_IS_WELL) == ["wrong_text"]


def test_a_reply_under_a_post_that_nobody_wanted_answered_is_found() -> None:
    assert wrongs([IT_STANDS, replace(IT_STANDS, native_id="901", parent="555")], ALL_IS_WELL) == ["wrong_parent"]
    assert wrongs([IT_STANDS, replace(IT_STANDS, native_id="901", parent=None)], ALL_IS_WELL) == ["wrong_parent"]


def test_one_that_is_taken_for_posted_and_is_not_there_is_lost() -> None:
    assert wrongs([], ALL_IS_WELL) == ["lost"]


def test_one_that_ana_dismissed_while_it_was_on_its_way_need_not_be_there() -> None:
    content = replace(ANA_SAID_YES, dismissed=True)
    out, taken_for_up = Known(True, False, False, None), Known(True, True, False, None)
    assert wrongs([], out, content) == []
    assert wrongs([], out) == ["lost"]
    assert wrongs([], taken_for_up, content) == ["lost"]


def test_one_that_the_machine_is_still_at_is_stuck() -> None:
    assert wrongs([], Known(settled=False, up=False, told=False)) == ["stuck"]
    assert wrongs([IT_STANDS], Known(settled=False, up=False, told=True)) == ["stuck"]


def test_one_that_went_up_after_it_was_taken_back_is_found() -> None:
    assert wrongs([IT_STANDS], ALL_IS_WELL, replace(ANA_SAID_YES, taken_back=True)) == ["unwanted"]
    assert wrongs([], replace(ALL_IS_WELL, up=False), replace(ANA_SAID_YES, taken_back=True)) == []


def test_one_that_is_up_while_nobody_knows_is_found() -> None:
    assert wrongs([IT_STANDS], Known(settled=True, up=False, told=False)) == ["untold"]


def test_another_post_taken_for_ours_is_found() -> None:
    assert wrongs([IT_STANDS], replace(ALL_IS_WELL, native_id="t1_1900")) == ["untold"]


def test_one_that_should_be_down_and_is_not_is_found_unless_a_person_is_told() -> None:
    down = replace(ANA_SAID_YES, take_down=True)
    assert wrongs([IT_STANDS], ALL_IS_WELL, down) == ["not_down"]
    assert wrongs([IT_STANDS], replace(ALL_IS_WELL, told=True), down) == []
    assert wrongs([replace(IT_STANDS, down=True)], ALL_IS_WELL, down) == []


def test_a_mention_that_was_missed_or_taken_in_twice_is_found() -> None:
    assert judge_mentions(["1", "2"], ["1", "2"]) == []
    assert [finding.what for finding in judge_mentions(["1", "2"], ["1"])] == ["not_once"]
    assert [finding.what for finding in judge_mentions(["1"], ["1", "1"])] == ["not_once"]


def judged(mails: Sequence[Mail], *, told: bool = False) -> tuple[list[str], int]:
    post = judge_mail(mails, [(DIGEST.recipient, date(2026, 3, 2))], BERLIN, lambda *_: told)
    return [finding.what for finding in post.findings], post.again


def test_a_digest_may_come_again_under_the_same_message_id_and_is_counted() -> None:
    assert judged([DIGEST]) == ([], 0)
    assert judged([DIGEST, DIGEST]) == ([], 1)


def test_two_digests_of_one_day_are_found() -> None:
    assert judged([DIGEST, replace(DIGEST, message_id="<other@amends.invalid>")]) == (["duplicates"], 0)


def test_a_digest_that_never_came_is_lost_unless_it_is_told() -> None:
    assert judged([]) == (["lost"], 0)
    assert judged([], told=True) == ([], 0)


def test_every_wrong_has_a_column_or_a_name_in_the_answer() -> None:
    assert len(WRONGS) == len(set(WRONGS)) == 9
