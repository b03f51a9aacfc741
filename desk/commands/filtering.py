"""`filter …`: how each brand is listened for, what was learned, and the ways back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.opening import DEFAULT, Config, WhichBrand, choose_brand, opened
from desk.errors import Trouble

if TYPE_CHECKING:
    from desk.wiring import House
    from storage.views import Hearing
    from storage.words import Brand

app = typer.Typer(help="What was learned from your decisions, and the ways back.", no_args_is_help=True)

BY = "command"


@app.command("show")
def show(
    config: Config = DEFAULT,
    brand: Annotated[str, typer.Option("--brand", "-b", help="Only this brand.", metavar="KEY")] = "",
) -> None:
    """Say how each brand is listened for: how much is raised, and what was learned from how many decisions."""
    with opened(config) as house:
        for one in [choose_brand(house, brand)] if brand else house.brands.values():
            for line in _tell(house, one):
                typer.echo(line)


@app.command("history")
def history(config: Config = DEFAULT, brand: WhichBrand = "") -> None:
    """List every version of how a brand was listened for, the newest first; the first line is in effect."""
    with opened(config) as house:
        one = choose_brand(house, brand)
        versions, names = house.casebook.hearings.all(one.key), house.reading.people_names()
        for version in versions:
            typer.echo(f"{version.version:>4}  {_when(one, version.at)}  {_who(version, names)}: {version.why}")
        if not versions:
            typer.echo(f"{one.name} is listened for as shipped; nothing was ever changed.")


@app.command("reset")
def reset(config: Config = DEFAULT, brand: WhichBrand = "") -> None:
    """Listen as shipped again. What was learned is put aside and not lost: `amends filter back` brings it back."""
    from desk.clock import utc_now

    with opened(config) as house:
        one = choose_brand(house, brand)
        before = house.casebook.hearings.current(one.key)
        house.casebook.hearings.reset(one.key, BY, utc_now())
    again = f" What was before: amends filter back {before.version}{_named(brand)}" if before else ""
    typer.echo(f"{one.name} is listened for as shipped again.{again}")


@app.command("back")
def back(
    version: Annotated[int, typer.Argument(help="The version, as amends filter history lists it.", min=1)],
    config: Config = DEFAULT,
    brand: WhichBrand = "",
) -> None:
    """Listen as in an earlier version again. It becomes the newest, so this can be undone too."""
    from desk.clock import utc_now
    from storage.lifecycle import MovedOn

    with opened(config) as house:
        one = choose_brand(house, brand)
        try:
            now = house.casebook.hearings.go_back(one.key, version, BY, utc_now())
        except MovedOn as moved:
            raise Trouble(f"{moved.why} amends filter history{_named(brand)} lists them.") from moved
    typer.echo(f"{one.name} is listened for as in version {version}, which is version {now} now.")


@app.command("learn")
def learn(config: Config = DEFAULT) -> None:
    """Learn at once from what was decided since the last time, instead of within the next minutes."""
    from desk.clock import utc_now
    from desk.work import learn as learn_due

    with opened(config) as house:
        changed = learn_due(house, utc_now())
    if not changed:
        typer.echo("There was nothing new to learn.")
    else:
        typer.echo(f"{changed} brand{' is' if changed == 1 else 's are'} listened for in another way now.")


def _tell(house: House, brand: Brand) -> list[str]:
    from desk.web import says
    from monitor.learning.teaching import MOST_LESSONS
    from monitor.learning.words import tell_words
    from monitor.listening import how_to_listen
    from storage.words import Kind

    hearing = house.casebook.hearings.current(brand.key)
    if hearing is None:
        return [f"{brand.name} ({brand.key}): as shipped; nothing was learned yet."]
    lessons = house.casebook.hearings.lessons(brand.key, MOST_LESSONS)
    head = how_to_listen(house.casebook, brand.key).first.get(Kind.COMPLAINT)
    telling = tell_words(lessons, head, brand, house.may_learn)
    who = _who(hearing, house.reading.people_names())
    lines = [
        f"{brand.name} ({brand.key}): version {hearing.version}, {_when(brand, hearing.at)}, {who}: {hearing.why}",
        f"  Raised: {says.rate(hearing.per_day)}.",
        f"  Decisions that count: {len(lessons)}.",
    ]
    if telling.speak_for:
        lines.append(f"  Words for a complaint: {_listed(telling.speak_for)}.")
    if telling.against:
        lines.append(f"  Words against one: {_listed(telling.against)}.")
    return lines


def _listed(words: tuple[str, ...]) -> str:
    from desk.logs import escape

    return ", ".join(escape(word) for word in words)


def _who(hearing: Hearing, names: dict[int, str]) -> str:
    from desk.web.ourreplies import name_of

    return name_of(hearing.by, names)


def _when(brand: Brand, at: datetime) -> str:
    from desk.web.says import clock

    return clock(at, brand.time_zone)


def _named(brand: str) -> str:
    return f" --brand {brand}" if brand else ""
