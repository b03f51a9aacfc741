"""A base that is locked, replaced, removed, cut off, emptied, or put back by hand: nothing goes out that the base will not remember."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from desk.errors import Trouble
from desk.wiring import open_house
from storage.engine import BaseUnavailable, Engine
from storage.words import CaseState, ReplyState
from tests.misbehaving.counter import SETTLING, Counter

MOVED = "was moved, removed or replaced while it was in use"


@contextmanager
def impatient(engine: Engine) -> Iterator[None]:
    """Wait for locks a moment and not a quarter of a minute."""

    def connect(_dialect: object, _record: object, _args: object, named: dict[str, object]) -> None:
        named["timeout"] = 0.03

    def hurry(raw: sqlite3.Connection, _: object) -> None:
        raw.execute("PRAGMA busy_timeout=30")

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", hurry)
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "do_connect", connect)
        event.remove(engine, "connect", hurry)


@pytest.fixture
def due(shop: Counter) -> tuple[int, int]:
    """A case, and a reply to it that is due."""
    case_id = shop.complain()
    return case_id, shop.approve(case_id)


# Somebody else has it ---------------------------------------------------------------------------------------------------


def test_a_base_held_by_a_backup_is_waited_for(shop: Counter, due: tuple[int, int]) -> None:
    with impatient(shop.house.engine):
        with closing(sqlite3.connect(shop.base, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                shop.work("post", "poll")
            assert shop.witness.posts == 0
            assert shop.house.base_trouble.why == (
                "The database is busy: something else has held it for too long. Try again in a moment."
            )
            assert shop.house.reading.case(due[0]) is not None, "reading goes on"
        shop.work("post")
    assert shop.up(due[0]) == [shop.text_of(due[1])]
    assert len([line for line in shop.lines() if line.startswith("work waits for the database")]) == 1
    assert "the database can be used again; work goes on" in " ".join(shop.told)


def test_a_base_that_another_program_keeps_for_itself_is_waited_for(shop: Counter, due: tuple[int, int]) -> None:
    with impatient(shop.house.engine):
        shop.house.engine.dispose()
        with closing(sqlite3.connect(shop.base, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode=EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            shop.work("post", "poll", "digest")
            with pytest.raises(BaseUnavailable, match="busy"):
                shop.house.reading.inbox(datetime.now(UTC))
        shop.work("post")
    assert shop.up(due[0]) == [shop.text_of(due[1])]
    shop.check_whole()


# Its file is gone, or another one ---------------------------------------------------------------------------------------


def remove_file(shop: Counter) -> None:
    """The file alone."""
    shop.base.unlink()


def remove_folder(shop: Counter) -> None:
    """The folder with everything in it."""
    shutil.rmtree(shop.folder)


def remove_log(shop: Counter) -> None:
    """The write-ahead log."""
    Path(f"{shop.base}-wal").unlink()


def remove_index(shop: Counter) -> None:
    """The log's index in shared memory: another process would make its own, and both would write into one log."""
    Path(f"{shop.base}-shm").unlink()


def replace(shop: Counter) -> None:
    """An older copy moved over it."""
    shutil.copy(shop.base, shop.folder / "older")
    os.replace(shop.folder / "older", shop.base)


def move_away(shop: Counter) -> None:
    """The folder under another name."""
    shop.folder.rename(shop.folder.with_name(shop.folder.name + "-elsewhere"))


@pytest.mark.parametrize("harm", [remove_file, remove_folder, remove_log, remove_index, replace, move_away])
def test_nothing_is_posted_from_a_base_whose_files_are_no_longer_there(
    shop: Counter, due: tuple[int, int], harm: Callable[[Counter], None]
) -> None:
    harm(shop)
    for _ in range(3):
        shop.work()
    assert shop.witness.posts == 0, f"posted from a base that is gone, after: {harm.__doc__}"
    assert MOVED in (shop.house.base_trouble.why or "")
    with pytest.raises(Trouble, match=MOVED):
        shop.house.check_ready()
    assert len([line for line in shop.lines() if MOVED in line]) == 1, "told once, by whichever work met it first"


def test_the_log_that_goes_in_the_middle_of_a_claim_stops_the_post(shop: Counter, due: tuple[int, int]) -> None:
    def harm(connection: object) -> None:
        log = Path(f"{shop.base}-wal")
        if log.exists():
            log.unlink()

    event.listen(shop.house.engine, "commit", harm)  # called just before each commit
    shop.work("post")
    event.remove(shop.house.engine, "commit", harm)
    assert shop.witness.posts == 0


def test_a_folder_that_comes_back_is_gone_on_with(shop: Counter, due: tuple[int, int]) -> None:
    elsewhere = shop.folder.with_name(shop.folder.name + "-elsewhere")
    shop.folder.rename(elsewhere)
    shop.work("post")
    assert shop.witness.posts == 0
    elsewhere.rename(shop.folder)
    shop.work("post")
    assert shop.up(due[0]) == [shop.text_of(due[1])]
    shop.check_whole()


def test_a_restart_goes_on_from_what_is_there(shop: Counter, due: tuple[int, int]) -> None:
    shop.empty_log()
    replace(shop)
    shop.work("post")
    shop.house.close()
    shop.open()
    shop.work("post")
    assert shop.up(due[0]) == [shop.text_of(due[1])], "nothing had been posted, so nothing is in doubt"
    shop.check_whole()


# It is older than what was posted from it -------------------------------------------------------------------------------


def copy_from_before(shop: Counter) -> Path:
    """A copy of the base as it stands, in one file."""
    shop.empty_log()
    return Path(shutil.copy(shop.base, shop.folder / "before"))


def log_lost_after_a_kill(shop: Counter, before: Path) -> None:
    """The process was killed, and somebody tidied up what lay beside the base."""
    shop.crash()
    for suffix in ("-wal", "-shm"):
        Path(f"{shop.base}{suffix}").unlink(missing_ok=True)
    shutil.copy(before, shop.base)  # what the file itself held: the log had not been put into it


def copied_over_by_hand(shop: Counter, before: Path) -> None:
    """The service was stopped in order, and the copy put in its place."""
    shop.house.close()
    shutil.copy(before, shop.base)


@pytest.mark.parametrize("harm", [log_lost_after_a_kill, copied_over_by_hand])
def test_what_went_out_is_not_posted_again_from_an_older_base(
    shop: Counter, due: tuple[int, int], harm: Callable[[Counter, Path], None]
) -> None:
    case_id, reply_id = due
    before = copy_from_before(shop)
    shop.work("post")
    assert len(shop.up(case_id)) == 1
    harm(shop, before)
    shop.open()
    assert shop.state_of(reply_id) is ReplyState.WITHDRAWN, "in this copy it was still to go out"
    assert "Look whether it went out before you approve it again." in shop.parked(case_id)
    for _ in range(3):
        shop.work(after=SETTLING)
    assert len(shop.up(case_id)) == 1
    file = shop.house.reading.case(case_id)
    assert file is not None
    assert file.case.state is CaseState.ANSWERED, "following found our answer on the site by itself"
    assert any("older copy" in told for told in shop.house.troubles()), "every page says so"
    assert shop.house.casebook.pauses.scopes() == {"*"}
    shop.house.casebook.pauses.resume("*", "command", datetime.now(UTC))
    assert not any("older copy" in told for told in shop.house.troubles())
    shop.house.close()
    shop.open()
    assert shop.house.casebook.pauses.scopes() == frozenset(), "it is settled once, and not at every start"
    shop.check_whole()


def test_a_copy_put_over_the_base_while_the_service_runs_posts_nothing(shop: Counter, due: tuple[int, int]) -> None:
    before = copy_from_before(shop)
    shop.work("post")
    shop.house.engine.dispose()  # nobody has it open at this moment, as after a quiet time
    shutil.copy(before, shop.base)
    for suffix in ("-wal", "-shm"):
        Path(f"{shop.base}{suffix}").unlink(missing_ok=True)
    shop.work("post")
    assert shop.witness.posts == 1
    assert "earlier copy" in (shop.house.base_trouble.why or "")
    assert shop.state_of(due[1]) is ReplyState.APPROVED, "a claim that cannot be made leaves everything as it was"


def test_a_note_that_cannot_be_written_stops_the_post_before_the_claim(shop: Counter, due: tuple[int, int]) -> None:
    note = Path(f"{shop.base}.last-claim")
    note.mkdir()
    shop.work("post")
    assert shop.witness.posts == 0
    assert shop.state_of(due[1]) is ReplyState.APPROVED
    assert "note of the last claim" in (shop.house.base_trouble.why or "")
    note.rmdir()
    shop.work("post")
    assert len(shop.up(due[0])) == 1


# It cannot be opened ----------------------------------------------------------------------------------------------------


def start_again(shop: Counter) -> str:
    """What a start says."""
    with pytest.raises(Trouble) as refused:
        open_house(shop.settings, {})
    return str(refused.value)


def everything_in(folder: Path) -> dict[str, bytes]:
    """Every file, to see that nobody wrote."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_base_that_is_cut_off_is_refused_and_left_as_it_is(shop: Counter) -> None:
    shop.house.close()
    os.truncate(shop.base, shop.base.stat().st_size // 2)
    before = everything_in(shop.folder)
    assert "The database file is cut off: a part of it is missing at the end." in start_again(shop)
    assert "amends restore FILE" in start_again(shop)
    assert everything_in(shop.folder) == before


def test_a_base_with_a_broken_head_is_refused_and_left_as_it_is(shop: Counter) -> None:
    shop.house.close()
    held = bytearray(shop.base.read_bytes())
    held[:16] = b"not what it was\0"
    shop.base.write_bytes(held)
    before = everything_in(shop.folder)
    assert "damaged or not a database" in start_again(shop)
    assert everything_in(shop.folder) == before


@pytest.mark.parametrize("lost", ["emptied", "removed"])
def test_a_base_that_is_lost_is_not_made_anew_once_replies_were_posted_from_it(
    shop: Counter, due: tuple[int, int], lost: str
) -> None:
    shop.work("post")
    shop.house.close()
    if lost == "emptied":
        os.truncate(shop.base, 0)
    else:
        shop.base.unlink()
    said = start_again(shop)
    assert "replies were posted from it" in said
    assert "amends restore FILE" in said
    assert not shop.base.exists() or shop.base.stat().st_size == 0
    Path(f"{shop.base}.last-claim").unlink()
    shop.open()
    assert shop.house.reading.inbox(datetime.now(UTC)).total == 0, "whoever says so begins with nothing"


def test_pages_damaged_in_the_middle_are_told_where_they_are_met(shop: Counter) -> None:
    shop.house.close()
    held = bytearray(shop.base.read_bytes())
    for page in range(3, len(held) // 4096):
        held[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    shop.base.write_bytes(held)
    assert "damaged" in start_again(shop)


def test_a_missing_index_of_the_log_is_made_anew(shop: Counter, due: tuple[int, int]) -> None:
    shop.crash()
    assert Path(f"{shop.base}-wal").stat().st_size > 0
    assert not Path(f"{shop.base}-shm").exists()
    shop.open()
    shop.work("post")
    assert len(shop.up(due[0])) == 1
    shop.check_whole()


def test_another_key_is_refused_before_anything_is_sealed_with_it(shop: Counter) -> None:
    shop.complain()
    shop.house.close()
    right = shop.settings.key_path.read_text()
    shop.settings.key_path.write_text("ab" * 32 + "\n")
    before = everything_in(shop.folder)
    said = start_again(shop)
    assert "does not belong to the database" in said
    assert "ab" * 32 not in said
    after = everything_in(shop.folder)
    assert {name: held for name, held in after.items() if not name.endswith(("-wal", "-shm"))} == before
    shop.settings.key_path.write_text(right)
    shop.open()


# It is of another version -----------------------------------------------------------------------------------------------


def set_version(base: Path, version: str) -> None:
    """As if a program of this version had been here last."""
    with closing(sqlite3.connect(base)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (version,))


def test_an_older_base_is_left_alone_until_it_is_migrated(shop: Counter) -> None:
    shop.house.close()
    set_version(shop.base, "0001")
    said = start_again(shop)
    assert "made by an older version of Amends (0001; this is " in said
    assert "Make a copy first: amends backup. Then run: amends migrate" in said


def test_a_newer_base_is_left_alone_for_good(shop: Counter) -> None:
    shop.house.close()
    set_version(shop.base, "9876")
    before = everything_in(shop.folder)
    said = start_again(shop)
    assert "made by a newer Amends: it is at version 9876, and this program knows versions up to " in said
    assert "Nothing was changed." in said
    assert everything_in(shop.folder) == before


def test_an_hour_passes_before_a_trouble_that_lasts_is_told_again(shop: Counter, due: tuple[int, int]) -> None:
    away = shop.folder.with_name(shop.folder.name + "-elsewhere")
    shop.folder.rename(away)
    clock = [0.0]
    shop.house.base_trouble._monotonic = lambda: clock[0]
    for second in range(0, 2 * 3600 + 60, 5):
        clock[0] = float(second)
        shop.work("post", "poll", "digest") if second % 300 == 0 else shop.work("post")
    told = [line for line in shop.lines() if MOVED in line]
    assert len(told) == 3, "at once, and after each hour"
    away.rename(shop.folder)
    shop.work("post", "poll", "digest", "propose", "look", "remove", "older", "follow", "accounts", "alert")
    assert len([line for line in shop.told if "can be used again" in line]) == 1


def test_a_trouble_that_comes_and_goes_is_told_ever_less_often(shop: Counter) -> None:
    told = shop.house.base_trouble
    clock = [0.0]
    told._monotonic = lambda: clock[0]
    spoken = 0
    for minute in range(0, 24 * 60, 2):
        clock[0] = minute * 60.0
        spoken += told.trouble("poll", "The disk is full.")
        clock[0] += 60.0
        told.well("poll")
    assert 10 < spoken < 40
