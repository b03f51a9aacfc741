"""The config file that `amends init` writes: short, with every line explained; `config.example.toml` has the rest."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from desk.errors import Trouble
from desk.toml_text import quote

LOCAL_ZONE = Path("/etc/localtime")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the owner said."""

    brand: str
    zone: str
    email: str
    name: str
    database: str = "amends.sqlite"


def guess_zone() -> str:
    """This computer's time zone, or UTC."""
    named = os.environ.get("TZ", "").removeprefix(":")
    link = str(LOCAL_ZONE.resolve()).partition("zoneinfo/")[2] if LOCAL_ZONE.is_symlink() else ""
    return next((zone for zone in (named, link) if zone in available_timezones()), "UTC")


def make_key(name: str) -> str:
    """A short key from a name: "Rose Bakery" becomes "rosebakery"; a name in another alphabet becomes "shop"."""
    return re.sub(r"[^a-z0-9]", "", name.lower())[:40] or "shop"


def write_first_config(path: Path, answers: Answers) -> None:
    """Write the file. Raises Trouble when it cannot be written."""
    text = f"""\
# Amends. Every setting there is, with its explanation: docs/config.md and config.example.toml.
# Secrets (keys of the sites, the mail password) never go here: they come from the environment.

[service]
database = {quote(answers.database)}         # a file beside this one, or a PostgreSQL server's address (a password: AMENDS_DATABASE_URL)
port = 8420                        # http://127.0.0.1:8420/
# address = "https://amends.example.com"   # where people reach the inbox from outside, for links in mail

[digest]                           # the daily mail: who still waits for an answer
to = [{quote(answers.email)}]
at = "08:00"

# [mail]                           # without a mail server no mail is sent
# host = "smtp.example.com"
# sender = "amends@example.com"
# user = "amends@example.com"      # the password: AMENDS_MAIL_PASSWORD

[[brand]]
key = {quote(make_key(answers.brand))}
name = {quote(answers.brand)}
time_zone = {quote(answers.zone)}
languages = ["en", "ru", "ro", "te"]
# contact = "write to us at hello@example.com"   # how a customer reaches you privately

# [brand.x]                        # X: keys in AMENDS_X_BEARER_TOKEN and others, see the README
# handle = "yourshop"

# [brand.reddit]                   # Reddit: keys in AMENDS_REDDIT_CLIENT_ID and others, see the README
# handle = "yourshop"
# feed = true                      # without keys: read its public feeds, answer there yourself
# boards = ["yourtown"]

# [brand.mastodon]                 # Mastodon: the token in AMENDS_MASTODON_ACCESS_TOKEN, see the README
# handle = "yourshop@mastodon.social"

# [brand.bluesky]                  # Bluesky: an app password in AMENDS_BLUESKY_APP_PASSWORD, see the README
# handle = "yourshop.bsky.social"
"""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {(error.strerror or str(error)).lower()}.") from error
