"""`evaluate`: the filter measured on texts that people have labelled, beside VADER alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.reading_in import check_file
from desk.errors import Trouble

if TYPE_CHECKING:
    from monitor.filter.evaluating.reading import Labels
    from monitor.filter.evaluating.results import Results
    from monitor.filter.evaluating.ways import Stage

_PAGES = (".html", ".htm")


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            help="TSV, CSV or JSON lines with text and label (complaint or other; negative or other measures moods); "
            "lang, kind and trait are read too."
        ),
    ],
    stage: Annotated[
        str,
        typer.Option("--stage", help="1 for the first look, 2 for the second, or both. Without it: what is installed."),
    ] = "",
    lang: Annotated[
        str, typer.Option("--lang", "-l", help="The language of rows that name none. Without it: recognised.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page with curves and the worst mistakes too (.html).")
    ] = None,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Also say what an owner's decisions on some of the texts would teach.")
    ] = False,
) -> None:
    """Measure the filter on texts that people have labelled, beside VADER alone."""
    from desk.logs import escape
    from monitor.filter.evaluating.showing import show, show_json

    check_file(file)
    if report is not None:
        _check_report(report, file)
    results = _measure(_read(file), _check_language(lang), stage, decisions=decisions)
    if report is not None:
        _write(results, report)
    told = show_json(results) if as_json else "\n".join(escape(line) for line in show(results).split("\n"))
    typer.echo(told)


def _check_report(report: Path, file: Path) -> None:
    """Refuse what cannot be written before minutes are spent on measuring. Raises Trouble."""
    if report.suffix.lower() not in _PAGES:
        raise Trouble(f"The report is a page: give --report a name that ends in .html, not {report.name}.")
    if not report.parent.is_dir():
        raise Trouble(f"There is no folder {report.parent} for the report: make it first.")
    if report.exists() and (not report.is_file() or report.samefile(file)):
        raise Trouble(f"{report} is something else already: give --report another name.")
    if not os.access(report if report.exists() else report.parent, os.W_OK):
        raise Trouble(f"{report} cannot be written: permission denied.")


def _check_language(lang: str) -> str | None:
    from storage.languages import LANGUAGES

    if lang and lang not in LANGUAGES:
        raise Trouble(f'"{lang}" is not a language the filter reads. Known: {", ".join(LANGUAGES)}.')
    return lang or None


def _read(file: Path) -> Labels:
    from monitor.filter.evaluating.reading import Unreadable, read_labelled

    try:
        return read_labelled(file)
    except Unreadable as error:
        raise Trouble(str(error)) from error
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {(error.strerror or str(error)).lower()}.") from error


def _measure(labels: Labels, lang: str | None, stage: str, *, decisions: bool) -> Results:
    from monitor.filter.evaluating.results import evaluate as measure
    from monitor.filter.weights import WeightsDamaged

    try:
        chosen = _choose_stage(stage)
        with _bars(len(labels.texts)) as progress:
            return measure(labels, chosen, lang, progress, decisions=decisions)
    except (WeightsDamaged, OSError) as missing:
        raise Trouble(str(missing)) from missing


def _choose_stage(stage: str) -> Stage:
    """The stage that was asked for; else both where both can be had, and one line where they cannot."""
    from monitor.filter.evaluating.ways import Stage
    from monitor.filter.second_look import second_look
    from monitor.filter.weights import WeightsDamaged

    if stage:
        if stage not in tuple(Stage):
            raise Trouble(f'"{stage}" is no stage: give --stage 1, 2 or both.')
        return Stage(stage)
    try:
        second_look()
    except (WeightsDamaged, OSError) as missing:
        typer.echo(f"Only the first look is measured. {missing}", err=True)
        return Stage.FIRST
    return Stage.BOTH


@contextmanager
def _bars(whole: int) -> Iterator[Callable[[str, int], None]]:
    """A bar on standard error for everyone who judges, while a person looks on."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    errors = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    with Progress(console=errors, transient=True, disable=not errors.is_terminal, refresh_per_second=4) as progress:

        def move(who: str, done: int) -> None:
            if who not in tasks:
                tasks[who] = progress.add_task(who, total=whole)
            progress.update(tasks[who], completed=done)

        yield move


def _write(results: Results, report: Path) -> None:
    from monitor.filter.evaluating.report import write_report

    try:
        write_report(results, report)
    except OSError as error:
        raise Trouble(f"{report} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    typer.echo(f"The report is in {report}.", err=True)
