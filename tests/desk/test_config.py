"""Ana writes her config file, and is told in one line what is wrong with it, where, and what to do."""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from desk.brands import BrandSection
from desk.config import Settings
from desk.config_file import find_line, load_settings, parse_settings
from desk.durations import read_duration, write_duration
from desk.errors import ConfigTrouble, Trouble
from desk.toml_text import quote, write_settings

ROSE = '[[brand]]\nkey = "rose"\nname = "Rose Bakery"\n'


def said(text: str, environ: dict[str, str] | None = None) -> str:
    """What Ana is told about a text that cannot be used."""
    with pytest.raises(ConfigTrouble) as caught:
        parse_settings(text, "config.toml", environ or {})
    return str(caught.value)


def every_field(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every key of every section, with its explanation."""
    for name, field in model.model_fields.items():
        inner = next(iter(models_in(field.annotation)), None)
        if inner:
            yield from every_field(inner, (*at, name))
        else:
            yield (*at, name), field.description or ""


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The sections that a key's type holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


@pytest.fixture
def example(project: Path) -> Path:
    """The example that ships."""
    return project / "config.example.toml"


def test_the_example_loads(example: Path) -> None:
    settings = load_settings(example, {})
    assert settings.brand[0].to_brand().contact["ro"].startswith("scrie-ne")
    assert settings.brand[0].shop[0].signed_by == "Ana"
    assert settings.database_path == example.parent / "amends.sqlite"


def test_the_example_has_every_key_with_a_comment_above_it(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    lines = text.splitlines()
    for where, _ in every_field(Settings):
        at = tuple(part for name in where for part in ((name, 0) if name in ("brand", "shop") else (name,)))
        number = find_line(text, at)
        assert number, f"{'.'.join(where)} is missing from config.example.toml"
        assert lines[number - 1].startswith(f"{where[-1]} = "), where
        assert lines[number - 2].startswith("# "), f"{'.'.join(where)} has no comment above it"


def test_the_example_has_no_key_that_means_nothing(example: Path) -> None:
    known = {where for where, _ in every_field(Settings)}

    def walk(value: object, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if at in known:
            yield at
        elif isinstance(value, dict):
            for name, inner in value.items():
                yield from walk(inner, (*at, name))
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner, at)
        else:
            raise AssertionError(f"{at} is not a setting")

    written = set(walk(tomllib.loads(example.read_text(encoding="utf-8")), ()))
    assert written == known


def test_where_the_example_shows_a_default_it_is_the_default(example: Path) -> None:
    shown, default = load_settings(example, {}), Settings()
    for name in ("service", "posting", "polling"):
        assert getattr(shown, name) == getattr(default, name)


def test_every_key_is_explained() -> None:
    for where, description in every_field(Settings):
        assert re.fullmatch(r"[A-Z].*[.!]", description), where


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, ("empty", "amends init")),
        ("\n# nothing but a comment\n", 0, ("empty",)),
        ("[service]\nport = \n", 2, ("not finished",)),
        ("[service\nport = 1", 1, ("not finished",)),
        ('[service]\nhost = "127.0', 2, ("quote",)),
        ('x = """\nnever closed', 2, ("quote",)),
        ("[service]\nprot = 8420\n", 2, ("service", "prot", 'Did you mean "port"?')),
        ("[servcie]\nport = 8420\n", 1, ('Did you mean "service"?',)),
        (ROSE + '[[brand.shop]]\nkey = "a"\nname = "A"\nadress = "x"\n', 7, ('Did you mean "address"?',)),
        (ROSE + ROSE.replace("rose", "two") + '[brand.x]\nhandel = "r"\n', 8, ('Did you mean "handle"?', "brand 2")),
        ('[service]\nport = "many"\n', 2, ("whole number",)),
        ("[service]\nport = true\n", 2, ("number",)),
        ("[service]\nport = 0\n", 2, ("greater than or equal to 1",)),
        ("[service]\nport = 70000\n", 2, ("65535",)),
        ("[posting]\nhold = 60\n", 2, ("unit", '"60 s"')),
        ('[posting]\nhold = "soon"\n', 2, ("unit",)),
        ('[posting]\nhold = "-5 s"\n', 2, ("unit",)),
        ('[posting]\nhold = "0 s"\n', 2, ("longer than nothing",)),
        ('[polling]\nevery = "9 days"\n', 2, ("less than or equal",)),
        ('[digest]\nat = "8:00"\n', 2, ('"08:00"',)),
        ('[digest]\nto = ["Ana <ana@x.example>"]\n', 2, ("mail address",)),
        ('[digest]\nto = ["ana@x.example\\nBcc: mallory@x.example"]\n', 2, ("mail address",)),
        ('[digest]\ntime_zone = "Europe/Bucarest"\n', 2, ('Did you mean "Europe/Bucharest"?',)),
        ('[mail]\nhost = "smtp.x.example"\n', 1, ("sender",)),
        ('[mail]\nhost = "smtp.x.example"\nsender = "a@x.example"\nsecurity = "none"\n', 1, ("in the clear",)),
        ("brand = 3\n", 1, ("list",)),
        ('[[brand]]\nname = "Rose"\n', 1, ("key", "missing")),
        ('[[brand]]\nkey = "Rose Bakery"\nname = "Rose"\n', 2, ("small letters",)),
        (ROSE + 'languages = ["fr"]\n', 4, ("not a language", "en, ru, ro, te")),
        (ROSE + "languages = []\n", 4, ("must not be empty",)),
        (ROSE + 'voice = "loud"\n', 4, ("'warm'",)),
        (ROSE + 'hours = { mon = "8-18" }\n', 4, ('"08:00-18:00"',)),
        (ROSE + 'hours = { mon = "18:00-08:00" }\n', 4, ('"08:00-18:00"',)),
        (ROSE + 'hours = { monday = "closed" }\n', 4, ("not a day",)),
        (ROSE + 'names = "Rose"\n', 4, ("list",)),
        (ROSE + 'contact = { xx = "call us" }\n', 4, ("not a language",)),
        (ROSE + ROSE, 1, ('two brands have the key "rose"',)),
        ('[service]\npractice = true\nhost = "0.0.0.0"\n', 1, ("signs every visitor in",)),
        ('[service]\naddress = "amends.example.com"\n', 2, ("in full",)),
        ('[service]\ndatabase = "mysql://x"\n', 2, ("name a file",)),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: tuple[str, ...]) -> None:
    told = said(text)
    assert "\n" not in told, "one mistake, one line"
    if line:
        assert f"line {line}:" in told or "two brands" in told
    for word in words:
        assert word in told


@pytest.mark.parametrize("key", ["password", "bearer_token", "api_key", "access_secret"])
def test_a_secret_in_the_file_is_refused_and_never_repeated(key: str) -> None:
    told = said(f'{ROSE}[brand.x]\nhandle = "rose"\n{key} = "hunter2-hunter2"\n')
    assert f"AMENDS_X_{key.upper()}" in told
    assert "_FILE" in told
    assert "hunter2" not in told


def test_several_mistakes_are_told_at_once_and_a_broken_file_not_endlessly() -> None:
    assert len(said("[service]\nprot = 1\nhots = 2\n").splitlines()) == 2
    assert len(said("[service]\n" + "".join(f"wrong{n} = 1\n" for n in range(50))).splitlines()) == 9


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="amends init"):
        load_settings(tmp_path / "config.toml", {})


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"is a folder"):
        load_settings(tmp_path, {})


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('[service]\nhost = "пекарня"\n'.encode("cp1251"))
    with pytest.raises(Trouble, match=r"line 2: not written in UTF-8"):
        load_settings(path, {})


def test_a_byte_order_mark_from_an_editor_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[service]\nport = 9000\n")
    assert load_settings(path, {}).service.port == 9000


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_SERVICE__PORT", "9100")
    assert parse_settings("[service]\nport = 9000\n", "config.toml", {}).service.port == 9100


def test_a_mistake_in_the_environment_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_SERVICE__PORT", "many")
    told = said("[posting]\nfirst_replies = 1\n", {"AMENDS_SERVICE__PORT": "many"})
    assert told == "AMENDS_SERVICE__PORT in the environment: must be a whole number."


def test_the_services_own_address_is_never_a_guess() -> None:
    settings = parse_settings('[service]\naddress = "https://amends.example.com/"\n', "config.toml", {})
    assert settings.service.base_url == "https://amends.example.com"
    assert Settings().service.base_url == "http://127.0.0.1:8420"


def test_what_is_written_out_reads_back_the_same(example: Path) -> None:
    settings = load_settings(example, {})
    again = parse_settings(write_settings(settings), "export", {})
    assert again == settings


def test_a_brand_from_the_base_becomes_the_section_it_came_from(example: Path) -> None:
    brand = load_settings(example, {}).brand[0].to_brand()
    assert BrandSection.from_brand(brand).to_brand() == brand


@given(st.text())
def test_any_text_survives_being_quoted(text: str) -> None:
    readable = text.encode("utf-8", "replace").decode("utf-8")
    assert tomllib.loads(f"x = {quote(readable)}")["x"] == readable


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("60 s", 60), ("15 min", 900), ("2h", 7200), ("1.5 h", 5400), ("7 days", 604800), (" 1 Minute ", 60)],
)
def test_durations_are_read_as_people_write_them(written: str, seconds: int) -> None:
    assert read_duration(written) == timedelta(seconds=seconds)


@given(st.integers(min_value=1, max_value=10**8))
def test_a_duration_that_is_written_reads_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert read_duration(write_duration(duration)) == duration


@given(st.text(max_size=200))
def test_no_text_at_all_ends_in_a_traceback(text: str) -> None:
    """Whatever is not ConfigTrouble fails this test by being raised."""
    with contextlib.suppress(ConfigTrouble):
        assert parse_settings(text, "config.toml", {}) == Settings()


def test_two_hundred_damaged_copies_of_the_example_are_each_answered(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    refused = 0
    for n in range(200):
        cut = n * len(text) // 200
        for damaged in (text[:cut], text[:cut] + text[cut + 40 :]):
            try:
                parse_settings(damaged, "config.toml", {})
            except ConfigTrouble:
                refused += 1
    assert refused > 100
