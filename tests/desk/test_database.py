"""Where everything is kept is said in one line, and a password on the way there is never shown to anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.config import Settings
from desk.config_file import load_settings
from desk.database import check_database, find_address, without_password
from desk.errors import ConfigTrouble, Trouble
from desk.toml_text import write_settings

PASSWORD = "tulips"
WITH = f"postgresql://amends:{PASSWORD}@db.example.com/amends"
WITHOUT = "postgresql://amends@db.example.com/amends"


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    """The settings of a file with this text."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ or {})


def at(database: str) -> str:
    """A file that keeps everything there."""
    return f'[service]\ndatabase = "{database}"\n'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (WITHOUT, WITHOUT),
        ("postgres://amends@db.example.com:5433/amends", "postgresql://amends@db.example.com:5433/amends"),
        ("postgresql:///amends?host=/run/postgresql", "postgresql:///amends?host=/run/postgresql"),
        ("postgresql://amends@[::1]/amends?sslmode=require", "postgresql://amends@[::1]/amends?sslmode=require"),
        ("amends.sqlite", "amends.sqlite"),
        ("sqlite:////var/lib/amends.sqlite", "sqlite:////var/lib/amends.sqlite"),
        ("postgresql notes.sqlite", "postgresql notes.sqlite"),
    ],
)
def test_a_file_or_a_server_will_do(written: str, meant: str) -> None:
    assert check_database(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "mysql://amends@db.example.com/amends",
        "postgresql+psycopg://amends@db.example.com/amends",
        "postgresql://amends@db.example.com",
        "postgresql://amends@db.example.com/",
        "postgresql://amends@db.example.com/one/two",
        "postgresql://amends@db.example.com:port/amends",
        "postgresql://[::1/amends",
    ],
)
def test_anything_else_is_refused_with_what_to_write_instead(tmp_path: Path, written: str) -> None:
    with pytest.raises(
        ConfigTrouble, match=r'line 2: database of service: name a file, such as .* or a server, such as "p'
    ):
        load(tmp_path, at(written))


@pytest.mark.parametrize("written", [WITH, f"postgres://db.example.com/amends?user=amends&password={PASSWORD}"])
def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigTrouble) as caught:
        load(tmp_path, at(written))
    assert "AMENDS_DATABASE_URL" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_the_environment_holds_the_password_and_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, at("amends.sqlite"), {"AMENDS_DATABASE_URL": WITH})
    assert settings.on_server
    assert settings.database_url == WITH
    assert settings.listening_on(99).database_url == WITH


def test_the_address_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "address").write_text(f"{WITH}\n", encoding="utf-8")
    settings = load(tmp_path, at(WITHOUT), {"AMENDS_DATABASE_URL_FILE": str(tmp_path / "address")})
    assert settings.database_url == WITH


@pytest.mark.parametrize(
    "given", [f"mysql://amends:{PASSWORD}@db/amends", f"postgresql://amends:{PASSWORD}#1@db/amends", PASSWORD]
)
def test_what_is_no_address_in_the_environment_is_told_without_repeating_it(given: str) -> None:
    with pytest.raises(Trouble, match="AMENDS_DATABASE_URL is not a server's address") as caught:
        find_address({"AMENDS_DATABASE_URL": given})
    assert PASSWORD not in str(caught.value)


def test_the_password_is_in_nothing_that_people_see(tmp_path: Path) -> None:
    settings = load(tmp_path, at("amends.sqlite"), {"AMENDS_DATABASE_URL": WITH})
    assert settings.database_name == WITHOUT
    assert PASSWORD not in repr(settings) + str(settings) + write_settings(settings)
    assert without_password(f"{WITH}?password={PASSWORD}") == WITHOUT
    assert without_password("postgresql:///amends?host=/run") == "postgresql:///amends"


def test_the_key_lies_beside_the_settings_where_the_database_is_on_a_server(tmp_path: Path) -> None:
    assert load(tmp_path, at(WITHOUT)).key_path == tmp_path / "secret.key"
    assert load(tmp_path, at("var/amends.sqlite")).key_path == tmp_path / "var" / "secret.key"


def test_what_needs_a_file_says_so_on_a_server(tmp_path: Path) -> None:
    with pytest.raises(
        Trouble, match=r"works with a file, and everything is kept on a server here: postgresql://amends@db"
    ):
        _ = load(tmp_path, at(WITHOUT)).database_path
