"""What every command does first: find the config file, and open the house."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.errors import Trouble

if TYPE_CHECKING:
    from desk.config import Settings
    from desk.wiring import House
    from storage.words import Brand

DEFAULT = Path("config.toml")

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="AMENDS_CONFIG", help="The config file.", metavar="FILE")
]
WhichBrand = Annotated[
    str, typer.Option("--brand", "-b", help="The brand's key. Needed when there is more than one.", metavar="KEY")
]


def read_config(config: Path, *, quiet: bool = False) -> Settings:
    """The settings, with the log started as they say; `quiet` keeps all but errors out of a command's answer. Raises Trouble."""
    from desk.config_file import load_settings
    from desk.logs import start_logs

    settings = load_settings(config, os.environ)
    start_logs(settings.service.log, "error" if quiet else settings.service.log_level)
    return settings


@contextmanager
def opened(config: Path) -> Iterator[House]:
    """The house, closed again at the end. Raises Trouble."""
    from desk.wiring import open_house

    house = open_house(read_config(config, quiet=True))
    try:
        yield house
    finally:
        house.close()


def choose_brand(house: House, key: str) -> Brand:
    """The brand that is meant: the one named, or the only one. Raises Trouble."""
    known = ", ".join(sorted(house.brands)) or "none"
    if key:
        if key not in house.brands:
            raise Trouble(f'There is no brand "{key}". Known: {known}.')
        return house.brands[key]
    if len(house.brands) != 1:
        raise Trouble(f"Say which brand with --brand. Known: {known}.")
    return next(iter(house.brands.values()))


def in_zone(name: str) -> str:
    """A time zone's name, checked. Raises Trouble."""
    from desk.checks import check_zone

    try:
        return check_zone(name)
    except ValueError as error:
        raise Trouble(f'"{name}" is {error}') from error
