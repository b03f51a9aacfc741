"""Ana at the command line: every command answers, and every failure is one clear line."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from desk.cli import run
from desk.clock import utc_now
from desk.config_file import load_settings
from desk.web.passwords import is_right
from desk.wiring import House, open_house
from tests.quiet_logs import logging_left_alone

ANA = "ana@rosebakery.example"
SECRET = "four quiet words here"


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of Ana's own, and nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AMENDS_")]:
        monkeypatch.delenv(name)


INIT = ["init", "--yes", "--brand", "Rose Bakery", "--email", ANA, "--name", "Ana", "--time-zone", "Europe/Bucharest"]


@pytest.fixture(scope="session")
def shop_as_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop that was set up with `amends init`, made once: hashing a password takes its time."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("AMENDS_OWNER_PASSWORD", SECRET)
        with logging_left_alone():  # this runs before any one test's own fixtures, and would outlast them all
            assert run(INIT) == 0
    return folder


@pytest.fixture
def shop(shop_as_made: Path, tmp_path: Path) -> Path:
    """The config file of a shop of this test's own."""
    shutil.copytree(shop_as_made, tmp_path, dirs_exist_ok=True)
    return (tmp_path / "config.toml").resolve()


def open_shop(shop: Path) -> House:
    """The house that the config file describes."""
    return open_house(load_settings(shop, {}), environ={})


def refusal(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int = 2) -> str:
    """The one line with which a command says no."""
    assert run(arguments) == code
    told = capsys.readouterr()
    assert told.err.startswith("amends: ")
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err
    return told.err


def test_init_makes_a_config_a_base_a_key_and_the_owner(shop: Path) -> None:
    settings = load_settings(shop, {})
    assert [brand.key for brand in settings.brand] == ["rosebakery"]
    assert settings.digest.to == (ANA,)
    assert settings.digest_zone == "Europe/Bucharest"
    assert stat.S_IMODE(settings.key_path.stat().st_mode) == 0o600
    house = open_shop(shop)
    person = house.casebook.people.by_email(ANA)
    assert person is not None
    assert person.role == "owner"
    assert is_right(person.password_hash, SECRET)
    assert SECRET not in shop.read_text(encoding="utf-8")
    house.close()


def test_init_asks_when_it_is_not_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AMENDS_OWNER_PASSWORD", SECRET)
    monkeypatch.setattr("sys.stdin", io.StringIO("Пекарня Роза\nAsia/Kolkata\nana@x.example\nAna\n"))
    assert run(["init"]) == 0
    settings = load_settings(Path("config.toml"), {})
    assert (settings.brand[0].key, settings.brand[0].name, settings.brand[0].time_zone) == (
        "shop",
        "Пекарня Роза",
        "Asia/Kolkata",
    )
    assert "What do customers call your business?" in capsys.readouterr().out


def test_init_with_yes_makes_a_password_up_and_tells_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--yes"]) == 0
    told = capsys.readouterr().out
    password = told.partition("password: ")[2].split()[0]
    assert len(password) >= 12
    house = open_shop(Path("config.toml").resolve())
    (person,) = house.casebook.people.all()
    assert is_right(person.password_hash, password)
    house.close()


def test_init_leaves_a_config_that_is_there_alone(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = shop.read_bytes()
    assert "--force" in refusal(capsys, ["init", "--yes"])
    assert shop.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (["--email", "ana at home"], SECRET, "not a mail address"),
        (["--time-zone", "Europe/Bucarest"], SECRET, "Europe/Bucharest"),
        ([], "short", "at least 12"),
        ([], "aaaaaaaaaaaaaaaa", "different characters"),
    ],
)
def test_init_says_what_will_not_do(
    arguments: list[str], password: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMENDS_OWNER_PASSWORD", password)
    assert words in refusal(capsys, ["init", "--yes", *arguments])
    assert not Path("config.toml").exists()


def test_a_slip_while_answering_costs_no_answer_given_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMENDS_OWNER_PASSWORD", SECRET)
    monkeypatch.setattr("sys.stdin", io.StringIO("Rose Bakery\nMars\nEurope/Bucharest\nana\nana@x.example\nAna\n"))
    assert run(["init"]) == 0
    told = capsys.readouterr().err
    assert '"Mars" is not a time zone' in told
    assert '"ana" is not a mail address' in told
    settings = load_settings(Path("config.toml"), {})
    assert settings.brand[0].time_zone == "Europe/Bucharest"
    assert settings.digest.to == ("ana@x.example",)


def test_ben_is_let_in_and_given_a_new_password_when_he_forgot_his(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AMENDS_OWNER_PASSWORD", raising=False)
    assert "--name" in refusal(capsys, ["person", "ben@x.example", "--yes"])
    assert run(["person", "Ben@x.example", "--name", "Ben", "--yes"]) == 0
    house = open_shop(shop)
    ben = house.casebook.people.by_email("ben@x.example")
    assert ben is not None
    assert (ben.name, ben.role) == ("Ben", "member")
    now, day = utc_now(), timedelta(days=1)
    session = house.casebook.people.open_session(ben.id, now, day, day)
    capsys.readouterr()
    assert run(["person", "ben@x.example", "--role", "viewer", "--yes"]) == 0
    password = capsys.readouterr().out.partition("Password: ")[2].strip()
    again = house.casebook.people.by_email("ben@x.example")
    assert again is not None
    assert (again.id, again.role) == (ben.id, "viewer")
    assert is_right(again.password_hash, password)
    assert house.casebook.people.person_for(session, now) is None
    house.close()


@pytest.mark.parametrize("command", ["doctor", "run", "poll", "cases", "digest", "pause", "resume", "migrate"])
def test_without_a_config_file_every_command_says_how_to_make_one(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([command])
    told = capsys.readouterr()
    assert code == (1 if command == "doctor" else 2)
    assert "amends init" in told.out + told.err


def test_a_command_that_does_not_exist_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "check" in refusal(capsys, ["chekc"])
    assert "--help" in refusal(capsys, ["cases", "--wrong"])


def test_nothing_typed_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    run([])
    told = capsys.readouterr()
    assert "Usage: amends" in told.out + told.err
    assert "amends: " not in told.err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("Amends 0.")


def test_posting_is_paused_and_goes_on(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pause"]) == 0
    house = open_shop(shop)
    assert house.casebook.pauses.paused("rosebakery")
    assert run(["resume"]) == 0
    assert not house.casebook.pauses.paused("rosebakery")
    assert run(["pause", "--brand", "rosebakery"]) == 0
    assert house.casebook.pauses.paused("rosebakery")
    assert run(["resume", "--brand", "rosebakery"]) == 0
    house.close()
    capsys.readouterr()
    assert "Known: rosebakery" in refusal(capsys, ["pause", "--brand", "rosebaker"])


def test_resuming_one_brand_while_all_are_paused_says_that_it_stays_paused(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["pause"])
    capsys.readouterr()
    assert "stays paused" in refusal(capsys, ["resume", "--brand", "rosebakery"])


def test_an_empty_inbox_is_told_as_such(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cases"]) == 0
    assert capsys.readouterr().out == "0 need an answer.\n"


def test_polling_without_a_site_says_what_to_do(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "amends doctor" in refusal(capsys, ["poll"])


def test_a_digest_is_shown_and_written_and_not_sent(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["digest", "--preview"]) == 0
    assert capsys.readouterr().out.startswith("Subject: Amends: nobody waits for an answer\n")
    assert run(["digest", "--preview", "--html", "digest.html"]) == 0
    assert "<title>" in Path("digest.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert "No mail server" in refusal(capsys, ["digest"])
    house = open_shop(shop)
    assert house.casebook.digests.last_failure() is None
    house.close()


def test_the_doctor_says_what_works_and_what_does_not(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    told = capsys.readouterr().out
    for what in ("config", "database", "clock", "disk", "owner", "time zone of Rose Bakery"):
        assert f"ok   {what}" in told
    assert "-    mail: not set up" in told


def test_the_doctor_finds_missing_keys_and_a_dead_mail_server(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shop.read_text(encoding="utf-8")
    text = text.replace("# [brand.x]", "[brand.x]").replace('# handle = "yourshop"', 'handle = "rosebakery"', 1)
    text += '\n[mail]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\nsender = "amends@rosebakery.example"\n'
    shop.write_text(text, encoding="utf-8")
    assert run(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "FAIL site: Rose Bakery on X: keys are missing; put AMENDS_X_BEARER_TOKEN" in told
    assert "FAIL mail: nothing listens at the mail server 127.0.0.1:1" in told


def test_the_doctor_names_every_mistake_of_the_config(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.toml").write_text("[service]\nprot = 1\nhots = 2\n", encoding="utf-8")
    assert run(["doctor"]) == 1
    assert capsys.readouterr().out.count("FAIL config") == 2


def test_settings_are_written_out_and_taken_in_again(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("more.toml").write_text('[[brand]]\nkey = "pixelfix"\nname = "PixelFix"\nvoice = "plain"\n', encoding="utf-8")
    assert run(["config", "import", "more.toml"]) == 0
    assert "pixelfix: taken in" in capsys.readouterr().out
    assert run(["config", "export", "--out", "all.toml"]) == 0
    exported = load_settings(Path("all.toml"), {})
    assert {brand.key for brand in exported.brand} == {"pixelfix", "rosebakery"}
    assert run(["config", "import", "all.toml"]) == 0
    told = capsys.readouterr().out
    assert "rosebakery: locked" in told
    assert "pixelfix: taken in" in told
    assert run(["config", "export", "--out", "again.toml"]) == 0
    assert Path("again.toml").read_bytes() == Path("all.toml").read_bytes()
    house = open_shop(shop)
    assert house.brands["pixelfix"].voice == "plain"
    house.close()


def test_a_locked_brand_is_not_changed_by_a_file(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("more.toml").write_text('[[brand]]\nkey = "rosebakery"\nname = "Mallory\'s"\n', encoding="utf-8")
    assert run(["config", "import", "more.toml"]) == 0
    house = open_shop(shop)
    assert house.brands["rosebakery"].name == "Rose Bakery"
    house.close()


def test_a_file_without_a_brand_is_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("more.toml").write_text("[service]\nport = 1\n", encoding="utf-8")
    assert "no [[brand]]" in refusal(capsys, ["config", "import", "more.toml"])


def check(monkeypatch: pytest.MonkeyPatch, text: bytes, *arguments: str) -> int:
    """`amends check` with a text on standard input; the exit code."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text), encoding="utf-8"))
    return run(["check", *arguments])


def test_an_apology_with_if_and_but_must_be_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(monkeypatch, b"We are sorry if you were upset, but we were busy.") == 1
    assert "must change" in capsys.readouterr().out


def test_findings_are_told_in_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(monkeypatch, "Извините, если что.".encode(), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["language"] == "ru"
    assert "conditional" in {finding["code"] for finding in told["findings"]}


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (b"  \n", (), "no text"),
        (b"\xff\xfe", (), "UTF-8"),
        (b"x" * 60_000, (), "longer than"),
        (b"Sorry.", ("--lang", "fr"), "en, ru, ro, te"),
    ],
)
def test_what_cannot_be_checked_is_told(
    text: bytes,
    arguments: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(monkeypatch, text, *arguments) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1


@pytest.fixture
def labelled() -> Path:
    """Six labelled texts; the trait of three would colour a terminal."""
    rows = ["text\tlabel\ttrait"] + [
        "Terrible, the bread was burnt and nobody cared\tcomplaint\t\x1b[31mred",
        "Lovely cakes, thank you\tother\tplain",
    ] * 3
    path = Path("labelled.tsv")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_evaluate_measures_the_filter_beside_vader(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(labelled), "--lang", "en", "--stage", "1"]) == 0
    told = capsys.readouterr()
    assert "6 texts, 50.0% complaints" in told.out
    assert "| VADER alone |" in told.out
    assert "\x1b" not in told.out
    assert told.err == ""  # nobody looks on, and nothing is missing that was asked for


def test_evaluate_asks_what_is_installed_and_says_what_is_not(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", str(labelled), "--json"]) == 0
    told = capsys.readouterr()
    figures = json.loads(told.out)
    assert figures["all"]["n"] == figures["vader"]["n"] == 6
    assert figures["stage"] == ("1" if told.err else "both")
    assert told.err == "" or told.err.startswith("Only the first look is measured. ")
    assert told.err.count("\n") <= 1


def test_evaluate_writes_a_page_and_says_where(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(labelled), "--stage", "1", "--json", "--report", "out.html"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["stage"] == "1"
    assert told.err == "The report is in out.html.\n"
    assert Path("out.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.tsv"], "There is no file nowhere.tsv"),
        (["empty.tsv"], "must name the columns text and label"),
        (["labelled.tsv", "--stage", "3"], "give --stage 1, 2 or both"),
        (["labelled.tsv", "--lang", "xx"], "not a language the filter reads"),
        (["labelled.tsv", "--report", "labelled.tsv"], "a name that ends in .html"),
        (["labelled.tsv", "--report", "nowhere/out.html"], "There is no folder nowhere"),
        (["labelled.tsv", "--report", "folder.html"], "is something else already"),
    ],
)
def test_evaluate_says_what_it_cannot_do(
    labelled: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.tsv").touch()
    Path("folder.html").mkdir()
    assert says in refusal(capsys, ["evaluate", *arguments])
    assert labelled.read_text(encoding="utf-8").startswith("text\tlabel")


def test_a_run_that_lets_others_in_without_https_is_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_text(
        shop.read_text(encoding="utf-8").replace("[service]", '[service]\nhost = "0.0.0.0"'), encoding="utf-8"
    )
    assert "in the clear" in refusal(capsys, ["run"])


def test_migrating_a_base_that_is_current_changes_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_a_mistake_of_ours_is_one_line_too(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise KeyError("a line\nand another")

    monkeypatch.setattr("desk.wiring.open_house", break_down)
    assert "A mistake in Amends itself: KeyError" in refusal(capsys, ["cases"], code=70)


def test_every_row_is_accounted_for(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.with_name("rows.csv").write_text(
        "id,text\n1,the bread was stale\n1,the bread was mouldy\n2,\n3,lovely rolls\n"
    )
    assert run(["import", "rows.csv"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("4 rows in ")
    assert "2 new, 0 known already, 1 known with another text, 1 refused, 0 unreadable; 1 case raised" in told
