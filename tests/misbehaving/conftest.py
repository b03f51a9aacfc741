"""A shop of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from desk.cli import run
from desk.demo import demo_keys
from tests.misbehaving.counter import Counter, Prompt, shop_in
from tests.quiet_logs import logging_left_alone


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Every line is heard here, whatever those before have configured; and logging is left as it was for the tests that follow."""
    with logging_left_alone():
        structlog.reset_defaults()
        yield


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Counter]:
    """Ana's shop, with the town's X behind it."""
    with shop_in(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def long_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A shop that stays open for a whole module: many small troubles, one after the other, in one base."""
    with shop_in(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture
def prompt(shop: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prompt:
    """Ana types a command in the shop's folder; its code, what it says and what it complains of."""
    monkeypatch.chdir(shop.folder)
    for name, value in demo_keys().items():
        monkeypatch.setenv(name, value)
    Path("config.toml").write_text('[[brand]]\nkey = "rosebakery"\nname = "Rose Bakery"\n', encoding="utf-8")

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return typed
