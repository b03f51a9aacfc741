"""`backup`, `restore` and `verify`: a copy of everything, its way back, and whether all of it is as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.opening import DEFAULT, Config, read_config
from desk.errors import Trouble

if TYPE_CHECKING:
    from desk.config import Settings
    from storage.keeping import Progress
    from storage.putting_back import Restored
    from storage.verifying import Look

NOT_KEPT = 1
"""Exit code when something does not verify."""


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Where to. Without it: a new file with today's date in the folder backups beside the database."
        ),
    ] = None,
    config: Config = DEFAULT,
    keep: Annotated[
        int, typer.Option("--keep", help="Keep only so many of the newest in the folder backups; 0 keeps all.", min=0)
    ] = 0,
    key: Annotated[
        bool, typer.Option("--key/--no-key", help="Copy the secret key beside it; without it nothing can be restored.")
    ] = True,
) -> None:
    """Copy everything to one file while the service runs, verify the copy, and lay its key beside it."""
    from desk.clock import utc_now
    from desk.keeping import check_key_place, copy_key, default_target, own_key, thin_out

    settings, now = read_config(config, quiet=True), utc_now()
    secret = own_key(settings)
    target = file or default_target(settings, now)
    if key:
        check_key_place(settings, target)
    with _kept(settings), _bar() as told:
        looks = _copy(settings, target, secret, told)
    typer.echo(f"{target}, {target.stat().st_size / 1024**2:.1f} MB. Verified: {looks[-1].found}.")
    if key:
        typer.echo(
            f"Its key: {copy_key(settings, target)}. Whoever has both can read and check everything; keep them safe."
        )
    else:
        typer.echo(f"It can only be restored with the key in {settings.key_path}: keep a copy of that file too.")
    if file is None and keep:
        for gone in thin_out(target.parent, keep):
            typer.echo(f"Removed: {gone}")


def _copy(settings: Settings, target: Path, key: bytes, told: Progress) -> tuple[Look, ...]:
    from desk.clock import utc_now

    if settings.on_server:
        from storage.server_keeping import back_up_server

        return back_up_server(settings.database_url, target, key)
    from storage.keeping import back_up

    return back_up(settings.database_path, target, key, utc_now(), told)


def restore(
    file: Annotated[Path | None, typer.Argument(help="The backup. Its key is looked for beside it.")] = None,
    config: Config = DEFAULT,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put it in the place of the database that is there, which is kept beside it."),
    ] = False,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Everything was put back by other means: only make it safe to go on from.")
    ] = False,
) -> None:
    """Put a backup back, verified first. Posting is paused, and what was posted since the backup is not posted again."""
    settings = read_config(config, quiet=True)
    if by_hand == (file is not None):
        raise Trouble("Name the backup that is to be put back, or say --by-hand when it was put back already.")
    with _kept(settings):
        if file is None:
            _make_safe(settings)
        elif settings.on_server:
            _put_back_on_server(settings, file)
        else:
            _put_back(settings, file, replace=replace)
    typer.echo("Posting is paused. Look at your open cases on their sites, then go on with: amends resume")


def _put_back(settings: Settings, file: Path, *, replace: bool) -> None:
    from desk.clock import utc_now
    from desk.keeping import key_for, take_key
    from desk.soundness import last_claim_of
    from storage.putting_back import put_back

    now, path = utc_now(), settings.database_path
    if not path.parent.is_dir():
        raise Trouble(f"The folder {path.parent} for the database is missing. Make it first.")
    key = key_for(settings, file)
    done = put_back(file, path, key, now, last_claim_of(settings), replace=replace)
    if old := take_key(settings, file, now):
        typer.echo(f"The key of the backup is in {settings.key_path} now; the one before it is kept as {old}.")
    typer.echo(f"{path} is the backup" + (f" of {done.copied_at:%Y-%m-%d %H:%M} UTC." if done.copied_at else " now."))
    for line in _told(done):
        typer.echo(line)


def _told(done: Restored) -> Iterator[str]:
    if done.replaced:
        yield f"What was there before is kept as {done.replaced}."
    if not done.knew:
        yield (
            "What was there before could not be read: whom it was asked to forget, or not to write to, after the backup was made, "
            "has to be said again. A digest of today may come a second time."
        )
    if done.forgotten:
        yield f"Forgotten again: {done.forgotten} people whom the backup still knew."
    if done.is_older:
        yield "It is of an older version. Run: amends migrate"
        return
    settled = done.settled
    for number, says in (
        (settled.taken_back, "approved, and taken back: look whether they went out before you approve them again"),
        (settled.looked_for, "on their way: we look whether they went out"),
        (settled.by_hand, "to be posted by hand: look whether you have posted them"),
        (settled.left_up, "to be taken down: they stay up until you say so again"),
    ):
        if number:
            yield f"{number} {'reply was' if number == 1 else 'replies were'} {says}."
    yield "Everybody has to sign in again, with the password they had when the backup was made."


def _put_back_on_server(settings: Settings, file: Path) -> None:
    from desk.clock import utc_now
    from desk.keeping import key_for, take_key
    from desk.soundness import last_claim_of
    from storage.putting_back import Restored
    from storage.server_keeping import put_back_server

    now = utc_now()
    settled = put_back_server(file, settings.database_url, key_for(settings, file), now)
    take_key(settings, file, now)
    last_claim_of(settings).begin_anew()
    typer.echo(f"{settings.database_name} is the backup now.")
    for line in _told(Restored(None, settled, knew=False)):
        typer.echo(line)


def _make_safe(settings: Settings) -> None:
    from desk.clock import utc_now
    from desk.opening import open_base
    from desk.soundness import last_claim_of
    from storage.putting_back import Restored

    casebook, _, engine = open_base(settings)
    try:
        settled = casebook.restoring.settle(None, utc_now())
        last_claim_of(settings).begin_anew()
    finally:
        engine.dispose()
    for line in _told(Restored(None, settled)):
        typer.echo(line)


def verify(
    file: Annotated[Path | None, typer.Argument(help="A backup. Without it: the database in use.")] = None,
    config: Config = DEFAULT,
) -> None:
    """Look whether everything is whole, whether every rule holds, and whether the history is the one that was written."""
    from desk.keeping import looks_at

    settings, failed = read_config(config, quiet=True), False
    with _kept(settings):
        for look in looks_at(settings, file):
            failed = failed or not look.holds
            typer.echo(f"{'ok   ' if look.holds else 'WRONG'} {look.found}")
            for line in look.wrong:
                typer.echo(f"      {line}")
            if not look.holds:
                typer.echo(f"      {look.do}")
    if failed:
        raise typer.Exit(NOT_KEPT)


@contextmanager
def _kept(settings: Settings) -> Iterator[None]:
    """What storage refuses is told in one line."""
    from storage.engine import BaseUnavailable
    from storage.keeping import NotKept

    try:
        yield
    except NotKept as refused:
        raise Trouble(refused.why) from refused
    except BaseUnavailable as unavailable:
        raise Trouble(f"{unavailable.why} ({settings.database_name})") from unavailable


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on a terminal, for what takes longer than a moment; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress as Shown

    with Shown(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Copying", total=None)
        yield lambda done, whole: shown.update(task, completed=done, total=whole)
