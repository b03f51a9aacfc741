"""`config import` and `config export`: brands live in the database; what stands in the config file wins there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.opening import DEFAULT, Config, opened
from desk.errors import Trouble

if TYPE_CHECKING:
    from desk.brands import BrandSection
    from desk.wiring import House

app = typer.Typer(help="Take brands in from a file, or write all settings out into one.", no_args_is_help=True)


@app.command("import")
def import_brands(
    file: Annotated[Path, typer.Argument(help="A file with [[brand]] sections, such as config export writes.")],
    config: Config = DEFAULT,
) -> None:
    """Take the brands of a file into the database. Those that stand in the config file are locked and stay as they are."""
    from desk.clock import utc_now
    from desk.config_file import parse_settings, read_text

    given = parse_settings(read_text(file), str(file), {}).brand
    if not given:
        raise Trouble(f"{file} has no [[brand]].")
    with opened(config) as house:
        locked = {section.key for section in house.settings.brand}
        free = [section for section in given if section.key not in locked]
        house.casebook.brands.sync([section.to_brand() for section in free], utc_now(), locked=False)
    for section in given:
        typer.echo(f"{section.key}: {'locked, it stands in ' + str(config) if section.key in locked else 'taken in'}")


@app.command("export")
def export_settings(
    config: Config = DEFAULT,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write into this file instead of the terminal.", metavar="FILE")
    ] = None,
) -> None:
    """Write all settings and brands, as TOML that imports to the same. Secrets are never among them."""
    from desk.toml_text import write_settings

    with opened(config) as house:
        sections = all_sections(house)
        locked = [section.key for section in house.settings.brand]
        text = write_settings(house.settings.model_copy(update={"brand": sections}))
    note = f"# Locked, because they stand in {config.name}: {', '.join(locked)}.\n\n" if locked else ""
    if out is None:
        typer.echo(note + text, nl=False)
        return
    try:
        out.write_text(note + text, encoding="utf-8")
    except OSError as error:
        raise Trouble(f"{out} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    typer.echo(f"Written: {out}")


def all_sections(house: House) -> tuple[BrandSection, ...]:
    """Every brand as a section: the config file's own as written there, the others from the database."""
    from desk.brands import BrandSection

    own = {section.key: section for section in house.settings.brand}
    return tuple(own.get(key) or BrandSection.from_brand(brand) for key, brand in house.brands.items())
