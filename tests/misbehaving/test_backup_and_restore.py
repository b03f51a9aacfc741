"""A backup while the service writes, verified; the way back, on which nothing is posted twice and nobody is written to who asked for quiet."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.faults import CUT, Done, Fault
from storage.engine import BaseUnavailable, reading
from storage.keeping import NotKept, back_up
from storage.last_claim import LastClaim
from storage.migrate import TooNew
from storage.putting_back import Restored, put_back
from storage.tables import digests
from storage.words import CaseState, ReplyState
from tests.misbehaving.counter import SETTLING, Counter, Prompt
from tests.misbehaving.flows import POST
from tests.misbehaving.tight import file_size


def now() -> datetime:
    """The shop's time."""
    return datetime.now(UTC)


def save(shop: Counter, name: str = "backup.sqlite") -> Path:
    """A backup, as the command makes it."""
    target = shop.folder / name
    back_up(shop.base, target, shop.house.casebook.key, now())
    return target


def restore(shop: Counter, backup: Path) -> Restored:
    """The service is stopped, the backup is put in its place, and the service is started."""
    shop.house.close()
    done = put_back(
        backup, shop.base, shop.house.casebook.key, now(), LastClaim(Path(f"{shop.base}.last-claim")), replace=True
    )
    shop.open()
    return done


def resume(shop: Counter) -> None:
    """Ana has looked, and lets posting go on."""
    shop.house.casebook.pauses.resume("*", "command", now())


def go_on(shop: Counter) -> None:
    """An hour passes."""
    for _ in range(4):
        shop.work(after=timedelta(minutes=15))


# A backup ---------------------------------------------------------------------------------------------------------------


def test_a_backup_holds_everything_and_is_ours_alone(shop: Counter) -> None:
    case_id = shop.complain()
    shop.approve(case_id)
    backup = save(shop)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in shop.folder.iterdir() if path.name.startswith(".")] == [], "no draft is left"
    with closing(sqlite3.connect(backup)) as copy, closing(sqlite3.connect(shop.base)) as base:
        for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table != "leases":
                told = f'SELECT * FROM "{table}"'
                assert copy.execute(told).fetchall() == base.execute(told).fetchall(), table


def test_a_backup_is_never_written_over(shop: Counter) -> None:
    (shop.folder / "backup.sqlite").write_text("holiday pictures")
    with pytest.raises(NotKept, match="is there already"):
        save(shop)
    assert (shop.folder / "backup.sqlite").read_text() == "holiday pictures"


def test_a_backup_made_while_the_service_writes_is_one_moment_of_it(shop: Counter) -> None:
    for _ in range(3):
        shop.complain()
    over, written = threading.Event(), [0]

    def keep_writing() -> None:
        while not over.is_set():
            shop.house.casebook.cases.note(1, f"note {written[0]}", "command", now())
            written[0] += 1

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        backups = [save(shop, f"backup-{number}.sqlite") for number in range(4)]
    finally:
        over.set()
        writer.join()
    assert written[0] > 4, "the writer was never held up for long"
    counted = []
    for backup in backups:
        with closing(sqlite3.connect(backup)) as copy:
            counted.append(copy.execute("SELECT count(*) FROM notes").fetchone()[0])
            assert copy.execute("SELECT count(*) FROM history WHERE note_id IS NOT NULL").fetchone()[0] == counted[-1]
    assert counted == sorted(counted)
    shop.check_whole()


def test_a_backup_of_a_base_in_which_somebody_wrote_is_thrown_away(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    shop.house.close()
    with closing(sqlite3.connect(shop.base)) as raw, raw:
        raw.execute("UPDATE replies SET approved_text = 'Buy now!' WHERE id = ?", (reply_id,))
    with pytest.raises(NotKept, match="what was approved is what was proposed, word for word: case 1, reply 1"):
        save(shop)
    assert not (shop.folder / "backup.sqlite").exists()
    shop.open()


def test_a_backup_for_which_there_is_no_room_leaves_nothing_behind(shop: Counter) -> None:
    shop.complain()
    shop.empty_log()
    before = {path.name for path in shop.folder.iterdir()}
    for most in (0, 5_000, 100_000):
        with file_size(most), pytest.raises(NotKept, match=r"no room|could not be written"):
            save(shop)
        assert {path.name for path in shop.folder.iterdir()} == before
    shop.work()
    shop.check_whole()


# Back again -------------------------------------------------------------------------------------------------------------


def test_what_was_approved_then_and_posted_since_is_not_posted_again(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    backup = save(shop)
    shop.work("post")
    assert len(shop.up(case_id)) == 1
    done = restore(shop, backup)
    assert (done.settled.taken_back, done.knew) == (1, True)
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN
    assert "restored from a copy of" in shop.parked(case_id)
    go_on(shop)
    resume(shop)
    go_on(shop)
    assert len(shop.up(case_id)) == 1
    file = shop.house.reading.case(case_id)
    assert file is not None
    assert file.case.state is CaseState.ANSWERED, "our answer was found on the site"
    shop.check_whole()


def test_even_a_yes_said_again_at_once_waits_until_ana_resumes(shop: Counter) -> None:
    case_id = shop.complain()
    backup = save(shop)
    shop.approve(case_id)
    shop.work("post")
    restore(shop, backup)
    reply_id = shop.approve(case_id)  # to her it looks like a complaint that nobody has answered
    shop.work("post")
    assert len(shop.up(case_id)) == 1, "posting is paused"
    shop.clock.shift(timedelta(minutes=6))
    shop.work("follow")
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN, (
        "following found the answer that is up, and took the second back"
    )
    resume(shop)
    go_on(shop)
    assert len(shop.up(case_id)) == 1
    shop.check_whole()


@pytest.mark.parametrize("arrived", [True, False])
def test_what_was_on_its_way_is_looked_for_and_never_repeated_by_the_machine(shop: Counter, arrived: bool) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    backups = []
    claim = shop.house.casebook.replies.claim(reply_id, now())
    assert claim is not None
    backups.append(save(shop))  # the very moment between the claim and the request
    if arrived:
        publisher = shop.house.publishers["rosebakery", "x"]
        publisher.post(claim, now())
    done = restore(shop, backups[0])
    assert done.settled.looked_for == 1
    assert shop.state_of(reply_id) is ReplyState.UNCERTAIN
    resume(shop)
    posts = shop.witness.posts
    go_on(shop)
    assert shop.witness.posts == posts
    assert len(shop.up(case_id)) == int(arrived)
    assert shop.state_of(reply_id) is (ReplyState.POSTED if arrived else ReplyState.UNCERTAIN)
    assert bool(shop.parked(case_id)) is not arrived, "when it cannot be found a person is asked"
    shop.check_whole()


def test_a_doubt_of_then_is_looked_into_again(shop: Counter) -> None:
    shop.faults.add(Fault("POST", POST, Done.NEVER, CUT))
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    shop.work("post")
    assert shop.state_of(reply_id) is ReplyState.UNCERTAIN
    backup = save(shop)
    go_on(shop)
    restore(shop, backup)
    resume(shop)
    go_on(shop)
    assert shop.up(case_id) == []
    assert "Please look yourself" in shop.parked(case_id)
    shop.check_whole()


def test_what_was_to_be_taken_down_then_stays_up_until_somebody_says_so_again(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    shop.work("post")
    shop.house.casebook.removals.approve(reply_id, "", "command", now(), hold=timedelta(minutes=15))
    backup = save(shop)
    shop.house.casebook.removals.undo(reply_id, "command", now())
    done = restore(shop, backup)
    assert done.settled.left_up == 1
    resume(shop)
    go_on(shop)
    assert len(shop.up(case_id)) == 1
    assert "was to be taken down" in shop.parked(case_id)
    shop.check_whole()


def test_what_was_to_be_posted_by_hand_is_asked_about(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    claim = shop.house.casebook.replies.claim(reply_id, now())
    assert claim is not None
    shop.house.casebook.replies.refused(reply_id, claim.fence, "not summoned", now(), by_hand=True)
    backup = save(shop)
    done = restore(shop, backup)
    assert done.settled.by_hand == 1
    assert "Look whether you have posted your reply already" in shop.parked(case_id)


def test_who_asked_for_quiet_or_to_be_forgotten_since_is_not_brought_back(shop: Counter) -> None:
    quiet, gone = shop.complain(), shop.complain()
    backup = save(shop)
    casebook = shop.house.casebook
    casebook.cases.do_not_contact(quiet, "command", now())
    file = shop.house.reading.case(gone)
    assert file is not None
    author = file.complaint.post.author.native_id
    casebook.forgetting.forget("x", author, "command", now())
    done = restore(shop, backup)
    assert done.forgotten == 1
    again, forgotten = shop.house.reading.case(quiet), shop.house.reading.case(gone)
    assert again is not None
    assert forgotten is not None
    assert again.customer.do_not_contact
    assert forgotten.customer.forgotten
    assert forgotten.complaint.post.text == ""
    shop.check_whole()


def test_a_digest_that_went_out_since_does_not_go_out_again(shop: Counter) -> None:
    backup = save(shop)
    today = date(2026, 11, 22)
    sent = shop.house.casebook.digests.claim("*", "ana@rosebakery.example", today, now())
    assert sent is not None
    shop.house.casebook.digests.sent(sent.id, now())
    restore(shop, backup)
    shop.clock.shift(SETTLING)
    assert shop.house.casebook.digests.claim("*", "ana@rosebakery.example", today, now()) is None
    with reading(shop.house.engine) as connection:
        assert [row.state for row in connection.execute(digests.select())] == ["sent"]


def test_everybody_signs_in_again(shop: Counter) -> None:
    week = timedelta(days=7)
    token = shop.house.casebook.people.open_session(1, now(), week, week)
    backup = save(shop)
    shop.house.casebook.people.close_session(token)
    restore(shop, backup)
    assert shop.house.casebook.people.person_for(token, now()) is None, "a session that was ended is not brought back"


def test_the_base_that_was_there_is_kept_whole(shop: Counter) -> None:
    backup = save(shop)
    case_id = shop.complain()
    done = restore(shop, backup)
    assert shop.house.reading.case(case_id) is None
    assert done.replaced is not None
    with closing(sqlite3.connect(done.replaced)) as kept:
        assert kept.execute("SELECT count(*) FROM cases").fetchone()[0] == 1
    assert not Path(f"{done.replaced}-wal").exists(), "all of it is in the one file"
    restore(shop, done.replaced)  # within the same second: each keeps its own name
    assert shop.house.reading.case(case_id) is not None, "and can be put back itself"
    shop.check_whole()


def test_a_log_left_by_a_killed_service_is_not_taken_for_the_backups(shop: Counter) -> None:
    backup = save(shop)
    shop.complain()
    shop.crash()
    log = Path(f"{shop.base}-wal")
    assert log.stat().st_size > 0
    done = put_back(backup, shop.base, shop.house.casebook.key, now(), LastClaim(shop.folder / "note"), replace=True)
    assert not log.exists()
    shop.open()
    assert shop.house.reading.case(1) is None
    assert done.replaced is not None
    with closing(sqlite3.connect(done.replaced)) as kept:
        assert kept.execute("SELECT count(*) FROM cases").fetchone()[0] == 1, "what was in the log went with its base"


@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
def test_a_damaged_base_is_replaced_and_kept_and_what_is_not_known_is_said(shop: Counter, damage: str) -> None:
    backup = save(shop)
    shop.house.close()
    if damage == "cut off":
        os.truncate(shop.base, 9_000)
    else:
        shop.base.write_bytes(b"a shopping list" * 1000)
    broken = shop.base.read_bytes()
    done = restore(shop, backup)
    assert not done.knew
    assert done.replaced is not None
    assert done.replaced.read_bytes() == broken
    shop.check_whole()


def test_a_lost_base_is_put_back(shop: Counter) -> None:
    shop.complain()
    backup = save(shop)
    shop.house.close()
    shop.base.unlink()
    done = restore(shop, backup)
    assert done.replaced is None
    assert shop.house.reading.case(1) is not None


def test_nothing_is_replaced_without_being_told_to(shop: Counter) -> None:
    backup = save(shop)
    shop.house.close()
    before = shop.base.read_bytes()
    with pytest.raises(NotKept, match="--replace"):
        put_back(backup, shop.base, shop.house.casebook.key, now(), LastClaim(shop.folder / "note"))
    assert shop.base.read_bytes() == before


def test_nothing_is_replaced_while_a_service_runs(shop: Counter) -> None:
    """The service of this test is a process of its own: locks mean nothing within one."""
    import subprocess
    import sys

    backup = save(shop)
    shop.house.close()
    held = subprocess.Popen(
        [sys.executable, "-c", f"import sqlite3; c = sqlite3.connect({str(shop.base)!r}); c.execute('SELECT count(*) FROM cases').fetchall(); print('open', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert held.stdout is not None
    assert held.stdout.readline() == "open\n"
    before = shop.base.read_bytes()
    try:
        with pytest.raises(NotKept, match="in use: stop the service"):
            put_back(backup, shop.base, shop.house.casebook.key, now(), LastClaim(shop.folder / "note"), replace=True)
    finally:
        held.communicate("\n")
    assert shop.base.read_bytes() == before
    restore(shop, backup)


def test_a_backup_that_is_damaged_or_not_ours_changes_nothing(shop: Counter) -> None:
    shop.complain()
    backup = save(shop)
    shop.house.close()
    before = shop.base.read_bytes()
    held = bytearray(backup.read_bytes())
    for page in range(20, len(held) // 4096):
        held[page * 4096 : page * 4096 + 100] = b"\xa5" * 100
    (shop.folder / "damaged").write_bytes(held)
    with closing(sqlite3.connect(shop.folder / "theirs")) as other, other:
        other.execute("CREATE TABLE pictures (name)")
    (shop.folder / "text").write_text("a shopping list" * 100)
    for name in ("damaged", "theirs", "text"):
        with pytest.raises(Exception, match=r"does not verify|damaged|not one of Amends"):
            put_back(
                shop.folder / name,
                shop.base,
                shop.house.casebook.key,
                now(),
                LastClaim(shop.folder / "n"),
                replace=True,
            )
        assert shop.base.read_bytes() == before, name
    with pytest.raises(NotKept, match="sealed with another key"):
        put_back(backup, shop.base, b"another key", now(), LastClaim(shop.folder / "n"), replace=True)
    assert shop.base.read_bytes() == before
    shop.open()


def test_a_backup_of_a_newer_version_is_refused(shop: Counter) -> None:
    backup = save(shop)
    with closing(sqlite3.connect(backup)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9876'")
    shop.house.close()
    with pytest.raises(TooNew, match="9876"):
        put_back(backup, shop.base, shop.house.casebook.key, now(), LastClaim(shop.folder / "n"), replace=True)
    shop.open()


def test_a_restore_that_meets_a_full_disk_at_any_write_leaves_one_whole_base(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    backup = save(shop)
    shop.work("post")
    shop.house.close()
    key, size = shop.house.casebook.key, backup.stat().st_size
    failed, told = 0, []
    for most in (*range(0, size + 100_000, 60_000), size + 1_000_000):
        try:
            with file_size(most):
                put_back(backup, shop.base, key, now(), LastClaim(Path(f"{shop.base}.last-claim")), replace=True)
        except (NotKept, BaseUnavailable) as refused:
            failed += 1
            told.append(refused.why)
            shop.open()
            assert shop.state_of(reply_id) is ReplyState.POSTED, "the base is the one that was there"
            shop.house.close()
    assert failed >= 3
    assert all("full" in why or "disk refuses" in why or "could not be written" in why for why in told), told
    shop.open()
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN, "and with room it is the backup"
    shop.check_whole()


# By hand, without the command -------------------------------------------------------------------------------------------


def test_a_backup_laid_in_place_by_hand_is_known_for_what_it_is(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    backup = save(shop)
    shop.work("post")
    shop.house.close()
    for path in shop.folder.glob("amends.sqlite*"):
        path.unlink()  # a new computer: not even the note of the last claim is there
    shutil.copy(backup, shop.base)
    shop.open()
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN
    assert shop.house.casebook.pauses.scopes() == {"*"}
    assert any("older copy" in told for told in shop.house.troubles())
    resume(shop)
    go_on(shop)
    assert len(shop.up(case_id)) == 1
    shop.check_whole()


# The commands -----------------------------------------------------------------------------------------------------------


def test_backup_and_restore_from_the_prompt(shop: Counter, prompt: Prompt) -> None:
    shop.complain()
    secret = shop.settings.key_path.read_text().strip()
    code, out, err = prompt("backup")
    assert code == 0, err
    (backup,) = (shop.folder / "backups").glob("*.sqlite")
    key = Path(f"{backup}.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().strip() == secret
    assert secret not in out + err
    assert "1 cases" in out
    shop.complain()
    shop.house.close()
    assert prompt("restore", str(backup))[0] == 2
    code, out, err = prompt("restore", str(backup), "--replace")
    assert code == 0, err
    assert "is kept as" in out
    assert "Posting is paused" in out
    assert secret not in out + err
    shop.open()
    assert shop.house.reading.case(2) is None


def test_a_new_computer_needs_the_backup_its_key_and_the_settings(shop: Counter, prompt: Prompt) -> None:
    shop.complain()
    assert prompt("backup", "../on-a-stick.sqlite")[0] == 0
    shop.house.close()
    stick = shop.folder.parent / "on-a-stick.sqlite"
    for path in [*shop.folder.glob("amends.sqlite*"), shop.settings.key_path]:
        path.unlink()
    code, _, err = prompt("restore", str(stick))
    assert code == 0, err
    assert prompt("verify")[0] == 0
    shop.open()
    assert shop.house.reading.case(1) is not None
    stick.unlink()
    Path(f"{stick}.key").unlink()


def test_a_backup_without_its_key_says_what_is_missing(shop: Counter, prompt: Prompt) -> None:
    assert prompt("backup", "b.sqlite", "--no-key")[0] == 0
    shop.house.close()
    for path in [*shop.folder.glob("amends.sqlite*"), shop.settings.key_path]:
        path.unlink()
    code, _, err = prompt("restore", "b.sqlite")
    assert code == 2
    assert "key of this backup is neither in" in err
    assert not shop.settings.key_path.exists(), "no new key is made for an old history"


def test_only_the_newest_backups_are_kept(shop: Counter, prompt: Prompt) -> None:
    for _ in range(4):
        assert prompt("backup", "--keep", "2")[0] == 0
        shop.clock.shift(timedelta(days=1))
    mine = shop.folder / "backups" / "amends-before-0004-20200101-000000.sqlite"
    mine.write_text("a copy made before a migration")
    code, out, _ = prompt("backup", "--keep", "2")
    assert code == 0
    kept = sorted(path.name for path in (shop.folder / "backups").iterdir())
    assert len(kept) == 5, "two backups, two keys, and what is not ours to remove"
    assert "Removed: " in out


def test_the_doctor_says_when_the_newest_backup_was_made(shop: Counter, prompt: Prompt) -> None:
    prompt("backup")
    assert "ok   backup: the newest is amends-" in prompt("doctor")[1]
    (backup,) = (shop.folder / "backups").glob("*.sqlite")
    long_ago = (now() - timedelta(days=8)).timestamp()
    os.utime(backup, (long_ago, long_ago))
    code, out, _ = prompt("doctor")
    assert code == 1
    assert "FAIL backup: " in out
    assert "that is long ago" in out


def test_migrating_makes_a_copy_first_and_makes_it_safe_after(shop: Counter, prompt: Prompt) -> None:
    from storage.migrate import downgrade

    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    backup = save(shop)
    shop.work("post")
    shop.house.close()
    downgrade(f"sqlite:///{backup}", "0001")
    code, out, err = prompt("restore", str(backup), "--replace")
    assert code == 0, err
    assert "It is of an older version. Run: amends migrate" in out
    assert prompt("cases")[0] == 2
    code, out, err = prompt("migrate")
    assert code == 0, err
    assert "A copy of it as it was: " in out
    (copy,) = (shop.folder / "backups").glob("amends-before-*.sqlite")
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone()[0] == "0001"
    shop.open()
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN
    resume(shop)
    go_on(shop)
    assert len(shop.up(case_id)) == 1
    shop.check_whole()


def test_a_base_put_back_by_other_means_is_made_safe_by_hand(shop: Counter, prompt: Prompt) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    shop.house.close()
    code, out, _ = prompt("restore", "--by-hand")
    assert code == 0
    assert "1 reply was approved, and taken back" in out
    shop.open()
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN
    assert prompt("restore")[0] == 2
    assert prompt("restore", "backup.sqlite", "--by-hand")[0] == 2
