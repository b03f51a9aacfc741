"""`amends verify`: every rule has a base that breaks it, is found, and is told with its case; what is right is never called wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage.casebook.chain import is_key_of
from storage.engine import open_engine
from storage.rules import RULES
from storage.verifying import MOST, look_at
from tests.misbehaving.counter import SETTLING, Counter, Prompt, shop_in
from tests.misbehaving.flows import FLOWS


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A shop with a bit of everything: posted, doubtful, held, taken down, resolved, dismissed, forgotten."""
    with shop_in(tmp_path_factory.mktemp("lived-in")) as shop:
        casebook, by = shop.house.casebook, "person:1"
        flows = {flow.name: flow for flow in FLOWS}
        for name in ("post", "remove", "follow"):
            thing = flows[name].ready(shop)
            flows[name].do(shop, thing)
            shop.work(after=SETTLING)
        flows["look"].ready(shop)
        resolved, dismissed, forgotten = shop.complain(), shop.complain(), shop.complain()
        now = datetime.now(UTC)
        casebook.cases.resolve(resolved, "late driver", "a new cake", "two drivers", by, now)
        casebook.cases.dismiss(dismissed, "praise", by, now)
        casebook.cases.note(dismissed, "she is the mayor's sister", by, now)
        file = shop.house.reading.case(forgotten)
        assert file is not None
        casebook.forgetting.forget("x", file.complaint.post.author.native_id, by, now)
        shop.approve(shop.complain())
        shop.empty_log()
        yield shop


def verified(path: Path, key: bytes) -> dict[str, tuple[str, ...]]:
    """What is wrong, by what was looked at."""
    engine = open_engine(f"sqlite:///{path}")
    try:
        return {look.found: look.wrong for look in look_at(engine, key) if not look.holds}
    finally:
        engine.dispose()


def test_a_shop_with_a_bit_of_everything_holds_every_rule(lived_in: Counter) -> None:
    lived_in.check_whole()
    counted = list(look_at(lived_in.house.engine, lived_in.house.casebook.key))[-1].found
    assert "cases" in counted
    assert len(list(look_at(lived_in.house.engine, lived_in.house.casebook.key))) == len(RULES) + 4


WRITABLE = "PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON; "
NO_TRIGGERS = (
    "DROP TRIGGER history_never_updated; DROP TRIGGER history_never_deleted; DROP TRIGGER proposals_never_updated; "
)
POSTED, DOUBTFUL = "state = 'posted'", "state = 'uncertain'"

HARMS = {
    "every reply of ours has a person's yes, its time and its text": f"UPDATE replies SET approved_at = NULL WHERE {POSTED}",
    "nothing went out without a person's yes": f"UPDATE replies SET approved_by = 'machine' WHERE {POSTED}",
    "what was approved is what was proposed, word for word": f"UPDATE replies SET approved_text = 'Buy now!' WHERE {POSTED}",
    "what goes out is what was approved, word for word": f"UPDATE replies SET payload = replace(payload, 'sorry', 'glad') WHERE {DOUBTFUL}",
    "what may have gone out was written down first": f"UPDATE replies SET payload = NULL WHERE {DOUBTFUL}",
    "a reply has the time of its posting when it was posted, and only then": f"UPDATE replies SET posted_at = NULL WHERE {POSTED}",
    "no reply to the same post for the same purpose is there twice": "DROP INDEX uq_replies_one_live; UPDATE replies SET "
    "(place, account, parent_id, purpose) = (SELECT place, account, parent_id, purpose FROM replies WHERE state = 'uncertain') WHERE state = 'posted'",
    "no post of ours is taken for two replies": f"UPDATE replies SET native_id = (SELECT native_id FROM replies WHERE {POSTED}) WHERE {DOUBTFUL}",
    "a reply belongs to its case's brand and place": f"UPDATE replies SET place = 'reddit' WHERE {POSTED}",
    "one live case per customer and conversation": "DROP INDEX uq_cases_one_live; UPDATE cases SET (customer_id, conversation_id) = "
    "(SELECT customer_id, conversation_id FROM cases WHERE state = 'answered' LIMIT 1) WHERE state IN ('open', 'answered')",
    "a case belongs to its customer's and its complaint's place": "UPDATE customers SET place = 'reddit' WHERE id = 1",
    "a case has a mention that raised it": "UPDATE mentions SET case_id = NULL WHERE case_id = 1",
    "a post of our own raises no case": "UPDATE posts SET by_account = 1 WHERE id = (SELECT complaint_id FROM cases WHERE id = 1)",
    "every post has its newest text": "UPDATE posts SET version = 7 WHERE id = 1",
    "a case that was made good says how": "DELETE FROM resolutions",
    "every move in the history is one that may be made": f"{NO_TRIGGERS}UPDATE history SET now_is = 'resolved' WHERE was = '' AND thing = 'case'",
    "every link between rows": "DELETE FROM customers WHERE id = 1",
    "the history cannot be rewritten": "DROP TRIGGER history_never_deleted",
}  # fmt: skip


@pytest.mark.parametrize("rule", HARMS)
def test_what_breaks_a_rule_is_found_and_named(lived_in: Counter, tmp_path: Path, rule: str) -> None:
    path = tmp_path / "harmed.sqlite"
    path.write_bytes(lived_in.base.read_bytes())
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(WRITABLE + HARMS[rule])
    wrong = verified(path, lived_in.house.casebook.key)
    assert rule in wrong, f"only {list(wrong)}"
    assert any(character.isdigit() for character in "".join(wrong[rule]))


def test_every_rule_is_broken_once_above() -> None:
    assert {says for says, _ in RULES} <= set(HARMS)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("UPDATE history SET who = 'person:2' WHERE id = 3", "it was changed"),
        ("DELETE FROM history WHERE id = 3", "a row before it is missing"),
        ("UPDATE notes SET text = 'she is nobody'", "its note was changed"),
        (f"UPDATE replies SET state = 'removed' WHERE {POSTED}", "which its history does not tell"),
    ],
)
def test_a_history_that_was_rewritten_is_found(lived_in: Counter, tmp_path: Path, harm: str, told: str) -> None:
    path = tmp_path / "rewritten.sqlite"
    path.write_bytes(lived_in.base.read_bytes())
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(WRITABLE + NO_TRIGGERS + harm)
    wrong = verified(path, lived_in.house.casebook.key)
    assert any(told in line for found, lines in wrong.items() if "chain" in found for line in lines), wrong


def damage(shop: Counter, path: Path) -> None:
    """A copy of a shop's base with a page of an index overwritten."""
    held = bytearray(shop.base.read_bytes())
    with closing(sqlite3.connect(shop.base)) as raw:
        page = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_replies_state'").fetchone()[0]
    held[(page - 1) * 4096 + 8 : (page - 1) * 4096 + 12] = b"\xff" * 4
    path.write_bytes(held)


def test_a_damaged_page_is_found(lived_in: Counter, tmp_path: Path) -> None:
    path = tmp_path / "damaged.sqlite"
    damage(lived_in, path)
    assert verified(path, lived_in.house.casebook.key)["every page and every index"]


def test_a_damaged_file_that_cannot_even_be_left_still_says_what_was_found(lived_in: Counter, tmp_path: Path) -> None:
    path = tmp_path / "damaged.sqlite"
    damage(lived_in, path)
    engine: Any = open_engine(f"sqlite:///{path}")

    def fail(_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    engine.dialect.do_commit = fail
    first = next(look_at(engine, None))
    engine.dispose()
    assert first.found == "every page and every index"
    assert not first.holds


def test_many_wrong_rows_are_counted_and_not_listed(lived_in: Counter, tmp_path: Path) -> None:
    path = tmp_path / "many.sqlite"
    path.write_bytes(lived_in.base.read_bytes())
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(f"{WRITABLE}{NO_TRIGGERS}UPDATE history SET who = 'person:2'")
    wrong = verified(path, lived_in.house.casebook.key)
    (lines,) = (lines for found, lines in wrong.items() if "chain" in found)
    assert len(lines) == MOST + 1
    assert lines[-1].startswith("and ")


def test_a_key_is_known_by_what_it_sealed(lived_in: Counter) -> None:
    assert is_key_of(lived_in.house.engine, lived_in.house.casebook.key)
    assert not is_key_of(lived_in.house.engine, b"another")


# The command ------------------------------------------------------------------------------------------------------------


def test_verify_says_each_look_in_one_line_and_changes_nothing(shop: Counter, prompt: Prompt) -> None:
    shop.approve(shop.complain())
    shop.house.close()
    before = shop.base.read_bytes()
    code, out, err = prompt("verify")
    assert (code, err) == (0, "")
    assert all(line.startswith("ok    ") for line in out.splitlines())
    assert len(out.splitlines()) == len(RULES) + 4
    assert shop.base.read_bytes() == before


def test_verify_names_the_case_and_says_what_to_do(shop: Counter, prompt: Prompt) -> None:
    reply_id = shop.approve(shop.complain())
    shop.house.close()
    with closing(sqlite3.connect(shop.base)) as raw, raw:
        raw.execute("UPDATE replies SET approved_text = 'Buy now!' WHERE id = ?", (reply_id,))
    code, out, _ = prompt("verify")
    assert code == 1
    lines = out.splitlines()
    at = lines.index("WRONG what was approved is what was proposed, word for word")
    assert lines[at + 1] == "      case 1, reply 1"
    assert "Something other than Amends wrote into the database." in lines[at + 2]
    assert "Buy now" not in out, "what people wrote is not told"


def test_verify_looks_at_a_backup_without_touching_it(shop: Counter, prompt: Prompt) -> None:
    shop.complain()
    assert prompt("backup", "b.sqlite")[0] == 0
    (shop.folder / "b.sqlite").chmod(0o444)
    before = sorted(path.name for path in shop.folder.iterdir())
    code, out, _ = prompt("verify", "b.sqlite")
    assert code == 0
    assert "1 cases" in out
    assert sorted(path.name for path in shop.folder.iterdir()) == before
    assert prompt("verify", "nothing.sqlite")[0] == 2


def test_verify_tells_an_older_base_and_one_that_is_none(shop: Counter, prompt: Prompt) -> None:
    shop.house.close()
    with closing(sqlite3.connect(shop.base)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '0001'")
    code, out, _ = prompt("verify")
    assert code == 0
    assert "of version 0001; the rules of this one" in out
    shop.base.write_bytes(b"a shopping list" * 100)
    code, _, err = prompt("verify")
    assert code == 2
    assert "damaged or not a database" in err


def test_a_shop_goes_on_while_it_is_verified(shop: Counter) -> None:
    case_id = shop.complain()
    reply_id = shop.approve(case_id)
    looks = look_at(shop.house.engine, shop.house.casebook.key)
    next(looks)
    shop.work("post")
    assert shop.up(case_id) == [shop.text_of(reply_id)]
    assert [look.wrong for look in looks if not look.holds] == []
