"""`check`: the apology check on a text."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from desk.errors import Trouble

LONGEST = 50_000
"""Characters of an apology that anybody would read."""


def check(
    lang: Annotated[
        str, typer.Option("--lang", "-l", help="The text's language: en, ru, ro or te. Without it: recognised.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check an apology from standard input. Exit code 1 when something in it must be changed."""
    from desk.brands import LANGUAGES
    from responders.check import check as check_apology
    from storage.words import Brand

    text = _read_text()
    if lang and lang not in LANGUAGES:
        raise Trouble(f'"{lang}" is not a language we check yet. Known: {", ".join(LANGUAGES)}.')
    language = lang or recognise(text)
    findings = check_apology(text, language, brand=Brand(key="", name=""))
    if as_json:
        told = [
            {
                "code": one.code,
                "says": one.says,
                "principle": one.principle,
                "start": one.start,
                "end": one.end,
                "blocks": one.blocks,
            }
            for one in findings
        ]
        typer.echo(json.dumps({"language": language, "findings": told}, ensure_ascii=False, indent=2))
    else:
        for one in findings:
            typer.echo(f"{'must change' if one.blocks else 'better'}: {one.says}")
        typer.echo("Nothing to change." if not findings else f"{len(findings)} found, language {language}.")
    if any(one.blocks for one in findings):
        raise typer.Exit(1)


def _read_text() -> str:
    try:
        text = sys.stdin.buffer.read(4 * LONGEST + 1).decode("utf-8")
    except UnicodeDecodeError:
        raise Trouble("The text is not written in UTF-8.") from None
    if not text.strip():
        raise Trouble("There is no text. Give it on standard input: echo 'We are sorry …' | amends check")
    if len(text) > LONGEST:
        raise Trouble(f"The text is longer than {LONGEST:,} characters.")
    return text.strip()


def recognise(text: str) -> str:
    """The text's language as the filter tells it, English where it cannot."""
    from desk.brands import LANGUAGES
    from monitor.filter import find_language

    language = find_language(text)
    return language if language in LANGUAGES else "en"
