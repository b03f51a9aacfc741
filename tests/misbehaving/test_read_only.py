"""A base that may be read and not written: the file, its folder, the whole disk. For root, who may write everywhere, an ordinary user tries."""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk.errors import Trouble
from desk.wiring import open_house
from storage.casebook import Casebook
from storage.engine import BaseUnavailable, open_engine
from storage.reading import Reading
from tests.misbehaving.counter import Counter, shop_in
from tests.misbehaving.tight import has_little_disks, little_disk

NOBODY = 65534
"""The user who owns nothing, on every Linux."""


def as_ordinary_user(do: Callable[[], object]) -> str:
    """What `do` gives in a child process that may not do everything; an error as its name and words."""
    receive, send = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child only looks, and ends without coming back
        child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            said = str(do())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(send, said.encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as told:
        answer = told.read()
    os.waitpid(child, 0)
    return answer


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users may look into, all the way down."""
    for above in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        if all(one.stat().st_mode & 0o001 for one in (Path(above), *Path(above).parents)):
            break
    with tempfile.TemporaryDirectory(dir=above) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def closed_shop() -> Iterator[tuple[Counter, Path]]:
    """A shop that has closed for the night, in a folder of somebody else's; everybody may read, nobody may write."""
    with open_folder() as folder, shop_in(folder) as shop:
        shop.complain()
        shop.house.close()
        for path in folder.iterdir():
            path.chmod(0o444)
        yield shop, folder


def test_a_start_in_a_folder_that_may_not_be_written_is_refused_in_words(closed_shop: tuple[Counter, Path]) -> None:
    shop, folder = closed_shop
    shop.settings.key_path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(shop.settings.key_path, NOBODY, NOBODY)
    folder.chmod(0o555)
    said = as_ordinary_user(lambda: open_house(shop.settings, {}))
    assert said.startswith("Trouble: The database"), said
    assert "may be written" in said or "Make it writable" in said
    folder.chmod(0o755)


def test_a_start_on_a_file_that_may_not_be_written_is_refused_in_words(closed_shop: tuple[Counter, Path]) -> None:
    shop, folder = closed_shop
    if os.geteuid() == 0:
        os.chown(shop.settings.key_path, NOBODY, NOBODY)
    shop.settings.key_path.chmod(0o600)
    folder.chmod(0o777)

    def start() -> None:
        open_house(shop.settings, {}).check_ready()

    said = as_ordinary_user(start)
    assert said.startswith("Trouble: The database cannot be written: its file or folder is read-only."), said


def test_what_is_only_read_is_read(closed_shop: tuple[Counter, Path]) -> None:
    shop, folder = closed_shop
    folder.chmod(0o555)
    url = f"sqlite:///file:{shop.base}?mode=ro&immutable=1&uri=true"

    def read() -> str:
        engine = open_engine(url)
        return str(Reading(engine).inbox(datetime.now(UTC)).total)

    assert as_ordinary_user(read) == "1"
    folder.chmod(0o755)


def test_a_base_that_turns_read_only_while_it_is_used_posts_nothing_and_goes_on_afterwards(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    with shop.house.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.rollback()
    before = shop.requests()
    for _ in range(3):
        shop.work()
    assert (shop.witness.posts, shop.requests()) == (0, before)
    assert "its file or folder is read-only. Make it writable for the service." in (shop.house.base_trouble.why or "")
    assert shop.house.reading.inbox(datetime.now(UTC)) is not None
    shop.house.engine.dispose()
    shop.work("post")
    assert shop.up(case_id) == [shop.text_of(reply_id)]
    shop.check_whole()


def test_a_base_opened_for_reading_alone_shows_everything_and_writes_nothing(shop: Counter) -> None:
    case_id = shop.complain()
    shop.empty_log()
    engine = open_engine(f"sqlite:///file:{shop.base}?mode=ro&uri=true")
    with pytest.raises(BaseUnavailable, match="read-only"):
        Casebook(engine, shop.house.casebook.key).can_write()
    file = Reading(engine).case(case_id)
    assert file is not None
    assert file.proposals
    engine.dispose()


if has_little_disks():

    def test_a_disk_that_was_mounted_read_only_is_refused_in_words() -> None:
        with little_disk(4 << 20) as disk:
            assert disk is not None
            with shop_in(disk) as shop:
                shop.complain()
                shop.house.close()
                subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
                with pytest.raises(Trouble, match=r"read-only|may be written"):
                    open_house(shop.settings, {})
                subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
                shop.open()
                assert shop.house.reading.inbox(datetime.now(UTC)).total == 1
