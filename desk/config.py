"""The settings: every section and key of `config.toml`, checked, with defaults and an explanation each.

`docs/config.md` is generated from here, and a test holds `config.example.toml` against it.
"""

from __future__ import annotations

from datetime import time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from desk.brands import BrandSection
from desk.checks import Email, EmailOrNone, LocalTime, Port, ZoneOrNone, no_truth
from desk.database import FILE, check_database, on_server, without_password
from desk.durations import Duration
from desk.errors import Trouble

Count = Annotated[int, BeforeValidator(no_truth), Field(ge=0, le=1000)]


def check_address(written: str) -> str:
    """An http or https address without a trailing slash, or nothing at all."""
    if not written:
        return ""
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError('write it in full, such as "https://amends.example.com"')
    return written.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host name or number means this computer and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Section(BaseModel):
    """A section of the file. What is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Service(Section):
    """The program itself: where it keeps things and where it listens."""

    database: Annotated[str, AfterValidator(check_database)] = Field(
        "amends.sqlite",
        min_length=1,
        description='Where everything is kept: a file, beside this one unless a full path is given, or, for several machines, a database on a PostgreSQL server, "postgresql://amends@db.example.com/amends". A password belongs into AMENDS_DATABASE_URL.',
    )
    key_file: str = Field(
        "secret.key",
        min_length=1,
        description="The secret that seals the history. Made at the first start, beside the database, or beside this file where that is on a server; keep a copy with your backups, and the same on every machine.",
    )
    host: str = Field(
        "127.0.0.1", min_length=1, description='The network address to listen on. "127.0.0.1" is this computer alone.'
    )
    port: Port = Field(8420, description="The port to listen on.")
    address: Annotated[str, AfterValidator(check_address)] = Field(
        "",
        description="The address people type to reach the inbox, used for links in mail. Empty: made from host and port.",
    )
    sign_in_for: Duration = Field(timedelta(days=30), description="How long a sign-in lasts at most.")
    sign_out_after: Duration = Field(timedelta(days=7), description="A sign-in that nobody uses for so long ends.")
    tick: Duration = Field(
        timedelta(seconds=5), description="How often the service looks for work that is due. Looking costs nothing."
    )
    log: Literal["console", "json"] = Field(
        "console", description='How the log is written: "console" for people, "json" for programs.'
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important lines to write."
    )
    practice: bool = Field(
        False,
        description="A practice town instead of the world: pages say so, and a visitor on this computer is signed in as the owner.",
    )

    town: Annotated[str, AfterValidator(check_address)] = Field(
        "", description="The practice town's own pages, linked from the banner."
    )

    @model_validator(mode="after")
    def _stays_here(self) -> Self:
        if self.practice and not is_loopback(self.host):
            raise ValueError('practice = true signs every visitor in, so host must stay "127.0.0.1"')
        if self.sign_out_after > self.sign_in_for:
            raise ValueError("sign_out_after cannot be longer than sign_in_for")
        return self

    @property
    def base_url(self) -> str:
        """The address for links, without a trailing slash. Never taken from a request."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.address or f"http://{host}:{self.port}"


class Posting(Section):
    """How a reply goes out once a person approved it."""

    hold: Duration = Field(
        timedelta(seconds=60), description="How long an approved reply waits, so that it can be undone."
    )
    first_hold: Duration = Field(
        timedelta(minutes=15), description="The same for the first replies, while you get used to it."
    )
    first_replies: Count = Field(10, description="How many replies count as the first ones.")


class Polling(Section):
    """How often the sites are read."""

    every: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(days=1))] = Field(
        timedelta(minutes=2), description="How often each site is read for new mentions."
    )
    lease: Annotated[Duration, Field(ge=timedelta(seconds=2), le=timedelta(hours=1))] = Field(
        timedelta(seconds=60),
        description="With two services on one database, the second takes over when the first was silent for so long.",
    )


class Filter(Section):
    """How complaints are told from everything else."""

    second_look: bool = Field(
        True,
        description="Whether what the quick look is not sure of is looked at again by a small language model, where that is installed (pip install 'amends[e5]'). It takes about 350 MB of memory.",
    )
    forget_health_after: Annotated[Duration, Field(ge=timedelta(days=1), le=timedelta(days=3650))] = Field(
        timedelta(days=30),
        description="What tells of illness, injury or allergies is erased so long after its case was done, or after it came when it raised none.",
    )


class Mail(Section):
    """The mail server that the daily digest leaves by. The password is AMENDS_MAIL_PASSWORD, in the environment."""

    host: str = Field("", description="The mail server's name. Empty: no mail is sent.")
    port: Port = Field(587, description="Its port: usually 587 for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description='How the connection is protected. "none" is allowed on this computer only.'
    )
    user: str = Field("", description="The user name there. Empty: without signing in.")
    sender: EmailOrNone = Field("", description="The address the mail comes from.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.host and not self.sender:
            raise ValueError('mail needs a sender, such as sender = "amends@example.com"')
        if self.host and self.security == "none" and not is_loopback(self.host):
            raise ValueError('security = "none" would send everything in the clear; use "starttls" or "tls"')
        return self


class DigestSection(Section):
    """The daily mail: who still waits for an answer."""

    to: tuple[Email, ...] = Field((), description="Who gets it. Empty: nobody.")
    at: LocalTime = Field(time(8, 0), description="At what time of the day, on the clock of time_zone.")
    time_zone: ZoneOrNone = Field("", description="Whose clock. Empty: the first brand's.")
    when_empty: bool = Field(False, description="Send it also on days when nobody waits for an answer.")
    most: Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=50)] = Field(
        12, description='How many cases it shows in full; the others become "and N more".'
    )


class Settings(BaseSettings):
    """All settings. A variable such as AMENDS_SERVICE__PORT in the environment wins over the file."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="AMENDS_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        validate_default=True,
    )

    service: Service = Service()
    posting: Posting = Posting()
    polling: Polling = Polling()
    filter: Filter = Filter()
    mail: Mail = Mail()
    digest: DigestSection = DigestSection()
    brand: tuple[BrandSection, ...] = ()

    _folder: Path = PrivateAttr(default_factory=Path.cwd)
    _address: str | None = PrivateAttr(None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; nothing else is read."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        keys = [brand.key for brand in self.brand]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f'two brands have the key "{min(twice)}"; each needs its own')
        return self

    def beside(self, folder: Path) -> Self:
        """The same settings, with relative paths meant from `folder`."""
        self._folder = folder.resolve()
        return self

    def kept_at(self, address: str | None) -> Self:
        """The same settings, with everything kept on the server at `address`, if there is one. It may hold a password."""
        self._address = address
        return self

    def listening_on(self, port: int) -> Self:
        """The same settings with another port."""
        return self.model_copy(update={"service": self.service.model_copy(update={"port": port})})

    @property
    def on_server(self) -> bool:
        """Whether everything is kept on a PostgreSQL server; else it is a file."""
        return self._address is not None or on_server(self.service.database)

    @property
    def database_url(self) -> str:
        """The database as libraries want it, with its password if it has one: never to be shown."""
        if self.on_server:
            return self._address or self.service.database
        return f"{FILE}{self.database_path}"

    @property
    def database_name(self) -> str:
        """The database as people are told of it: the file, or the server's address without a password."""
        return without_password(self.database_url) if self.on_server else str(self.database_path)

    @property
    def database_path(self) -> Path:
        """The file that holds everything. Raises Trouble where that is on a server."""
        if self.on_server:
            raise Trouble(f"This works with a file, and everything is kept on a server here: {self.database_name}")
        return self._folder / self.service.database.removeprefix(FILE)

    @property
    def key_path(self) -> Path:
        """The file with the secret key, beside the database, or beside the settings, unless a full path is given."""
        return (self._folder if self.on_server else self.database_path.parent) / self.service.key_file

    @property
    def demo(self) -> bool:
        """Whether this is the practice town."""
        return self.service.practice

    @property
    def town_url(self) -> str | None:
        """The practice town's public pages, in the demo."""
        return self.service.town or None

    @property
    def public_url(self) -> str | None:
        """Where people reach the inbox from other computers, or None on this one alone."""
        return self.service.address or None

    @property
    def digest_zone(self) -> str:
        """Whose clock the digest follows."""
        return self.digest.time_zone or (self.brand[0].time_zone if self.brand else "UTC")
