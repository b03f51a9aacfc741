"""Secrets come from the environment or from files it names, and the key of the history is nobody else's business."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desk.errors import Trouble
from desk.secret import find_secret, open_key, variable


def test_a_brands_own_secret_wins_over_the_shared_one() -> None:
    environ = {"AMENDS_X_BEARER_TOKEN": "shared", "AMENDS_ROSE_BAKERY_X_BEARER_TOKEN": "own"}
    assert find_secret("X_BEARER_TOKEN", environ, "rose-bakery") == "own"
    assert find_secret("X_BEARER_TOKEN", environ, "pixelfix") == "shared"
    assert find_secret("X_BEARER_TOKEN", {}, "pixelfix") is None
    assert variable("X_BEARER_TOKEN", "rose-bakery") == "AMENDS_ROSE_BAKERY_X_BEARER_TOKEN"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-the-file\n", encoding="utf-8")
    assert find_secret("MAIL_PASSWORD", {"AMENDS_MAIL_PASSWORD_FILE": str(file)}) == "from-the-file"


def test_a_file_that_cannot_be_read_is_told_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"AMENDS_MAIL_PASSWORD_FILE names .*no such file"):
        find_secret("MAIL_PASSWORD", {"AMENDS_MAIL_PASSWORD_FILE": str(tmp_path / "gone")})
    (tmp_path / "empty").touch()
    with pytest.raises(Trouble, match="which is empty"):
        find_secret("MAIL_PASSWORD", {"AMENDS_MAIL_PASSWORD_FILE": str(tmp_path / "empty")})
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(Trouble, match="not a text file"):
        find_secret("MAIL_PASSWORD", {"AMENDS_MAIL_PASSWORD_FILE": str(tmp_path / "bytes")})


def test_the_first_start_makes_a_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = open_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_key(path) == key
    assert list(tmp_path.iterdir()) == [path]


def test_two_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: open_key(path), range(64)))
    assert len(keys) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    open_key(path)
    path.chmod(0o644)
    with pytest.raises(Trouble, match="chmod 600"):
        open_key(path)


@pytest.mark.parametrize("content", [b"", b"ab", b"not hexadecimal at all, is it now", b"\xff" * 64])
def test_a_damaged_key_is_refused_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Trouble, match="backup"):
        open_key(path)
    assert path.read_bytes() == content


def test_a_missing_folder_for_the_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="cannot be made"):
        open_key(tmp_path / "gone" / "secret.key")
