"""What `amends doctor` looks at. Every look is a real one: a request, a write, a measurement."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from desk.clock import utc_now
from desk.config import Settings
from desk.config_file import load_settings
from desk.digest.post_office import NotSent, check_server
from desk.errors import Trouble
from desk.keeping import OLD, folder_of, newest
from desk.logs import start_logs
from desk.secret import find_secret
from desk.wiring import House, open_house
from monitor.filter.first_look import first_look
from monitor.filter.second_look import is_installed, second_look
from monitor.filter.weights import WeightsDamaged
from places.doors import Refused, Unavailable, Unsure
from storage.engine import BaseUnavailable

ROOM = 200 * 1024 * 1024
"""Bytes of free disk below which it is time to act."""
LITTLE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Health:
    """One thing looked at. `works` is None when it is not set up, which is no fault."""

    what: str
    works: bool | None
    says: str


def examine(config: Path, environ: Mapping[str, str]) -> Iterator[Health]:
    """Look at one thing after the other; ends early where the rest cannot be reached."""
    try:
        settings = load_settings(config, environ)
    except Trouble as trouble:
        yield from (Health("config", False, line) for line in str(trouble).splitlines())
        return
    start_logs(settings.service.log, "error")
    yield Health("config", True, f"{config}, {len(settings.brand)} brand{'' if len(settings.brand) == 1 else 's'}")
    yield _disk(settings)
    yield _backup(settings)
    try:
        house = open_house(settings, environ)
    except Trouble as trouble:
        yield Health("database", False, str(trouble))
        return
    try:
        yield from _examine_house(house)
    finally:
        house.close()
    yield _mail(settings, environ)


def _examine_house(house: House) -> Iterator[Health]:
    now = utc_now()
    yield _database(house)
    yield _mode(house)
    yield _clock(house, now)
    yield _people(house)
    yield _first_look()
    yield _second_look(house)
    yield from (_zone(brand.name, brand.time_zone, now) for brand in house.brands.values())
    if not house.brands:
        yield Health("brands", False, "none yet; add a [[brand]] to the config file")
    yield from (Health("site", False, says) for says in house.closed_places)
    yield from _sites(house, now)
    if not house.sources and not house.closed_places:
        yield Health("sites", None, "none set up; complaints can be pasted and imported all the same")


def _database(house: House) -> Health:
    try:
        house.casebook.can_write()
    except BaseUnavailable as unavailable:
        return Health("database", False, unavailable.why)
    return Health("database", True, f"{house.settings.database_name} can be read and written")


def _mode(house: House) -> Health:
    if house.workers is None:
        return Health("mode", True, "one service does everything, with one file")
    alive = house.workers.workers
    if not alive:
        return Health(
            "mode", False, "workers on a server's database, and none is alive: start one with amends run --role worker"
        )
    return Health("mode", True, f"workers on a server's database, {alive} alive")


def _clock(house: House, now: datetime) -> Health:
    if house.settings.on_server:
        from desk.scaled.server import clock_of

        apart = utc_now() - clock_of(house.engine)
        if abs(apart) > LITTLE:
            return Health(
                "clock",
                False,
                f"it is {abs(apart).total_seconds():.0f} s {'ahead of' if apart > timedelta(0) else 'behind'} the database server's. Set both right.",
            )
    newest = max(
        (state.last_success_at for state in house.casebook.sources.all() if state.last_success_at), default=now
    )
    if newest > now + LITTLE:
        return Health(
            "clock",
            False,
            f"it was set back: the last poll stands at {newest:%Y-%m-%d %H:%M} UTC, later than now. Set it right.",
        )
    return Health("clock", True, f"{now:%Y-%m-%d %H:%M} UTC")


def _people(house: House) -> Health:
    owners = [person for person in house.casebook.people.all() if person.role == "owner"]
    if not owners:
        return Health("owner", False, "nobody can sign in yet; make the account with: amends person EMAIL --name NAME")
    return Health("owner", True, ", ".join(person.email for person in owners))


def _first_look() -> Health:
    try:
        return Health("filter", True, f"weights {first_look().version}, thirteen languages")
    except WeightsDamaged as damaged:
        return Health("filter", False, f"{damaged} Until then complaints are told by rules and known words alone.")


def _second_look(house: House) -> Health:
    what = "second look"
    if not house.settings.filter.second_look:
        return Health(what, None, "switched off in the settings")
    if not is_installed():
        return Health(what, None, "not installed; it finds more complaints: pip install 'amends[e5]'")
    try:
        second = second_look()
        second.look(["The cake never came."])
    except (WeightsDamaged, OSError) as damaged:
        return Health(what, False, str(damaged))
    return Health(what, True, f"weights {second.version}")


def _zone(name: str, zone: str, now: datetime) -> Health:
    return Health(f"time zone of {name}", True, f"{zone}, where it is {now.astimezone(ZoneInfo(zone)):%H:%M} now")


def _sites(house: House, now: datetime) -> Iterator[Health]:
    states = {state.key: state for state in house.casebook.sources.all()}
    for key, source in house.sources.items():
        try:
            batch = source.poll(states[key].cursor, now)
        except Unavailable as unavailable:
            yield Health(f"reading {key}", False, unavailable.why)
        else:
            yield Health(
                f"reading {key}", True, f"{len(batch.posts)} posts in one request, {len(batch.poison)} unreadable"
            )
    for (brand, place), publisher in house.publishers.items():
        try:
            account = publisher.me(now)
        except (Unavailable, Refused, Unsure) as error:
            yield Health(f"posting for {brand} on {house.site(place)}", False, error.why)
        else:
            yield Health(f"posting for {brand} on {house.site(place)}", True, f"signed in as @{account.handle}")


def _disk(settings: Settings) -> Health:
    if settings.on_server:
        return Health("disk", None, "everything is kept on the database server; watch its disk there")
    folder = settings.database_path.parent
    if not folder.is_dir():
        return Health("disk", False, f"the folder {folder} is missing; make it, or change database in [service]")
    free = shutil.disk_usage(folder).free
    says = f"{free / 1024**3:.1f} GB free beside the database"
    return Health("disk", free > ROOM, says if free > ROOM else f"{says}; make some room before it is full")


def _backup(settings: Settings) -> Health:
    found = newest(settings)
    if found is None:
        return Health(
            "backup", None, f"none in {folder_of(settings)} yet; make one every night with: amends backup --keep 14"
        )
    path, at = found
    says = f"the newest is {path.name}, of {at:%Y-%m-%d %H:%M} UTC"
    fresh = utc_now() - at < OLD
    return Health("backup", fresh, says if fresh else f"{says}: that is long ago; make one with amends backup")


def _mail(settings: Settings, environ: Mapping[str, str]) -> Health:
    if not settings.mail.host or not settings.digest.to:
        return Health("mail", None, "not set up; the digest stays unsent")
    try:
        check_server(settings.mail, find_secret("MAIL_PASSWORD", environ))
    except (NotSent, Trouble) as failure:
        return Health("mail", False, str(failure))
    return Health("mail", True, f"{settings.mail.host}:{settings.mail.port} lets us in")
