"""The only reader of the environment: what an operator sets, read once, typed and frozen.

Every setting is an environment variable ``CTI_<NAME>``. A secret may instead be named by a file,
``CTI_<NAME>_FILE``, whose first line is the value (Docker and systemd hand out secrets like this). There are
no default secrets: a missing one stops the program with a message that names it.
"""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from cti.errors import CtiError

PREFIX = "CTI_"
_STRATEGY = "[a-z0-9-]+=(ringall|leastrecent|fewestcalls|random|rrmemory|rrordered|linear|wrandom)"
_STRATEGIES = rf"^({_STRATEGY}(,{_STRATEGY})*)?$"
_ENDPOINT = re.compile(r"[a-z][a-z0-9_-]{0,63}")
#: E.164, or the beginning of it.
_NUMBER = r"\+[1-9]\d{0,14}"
#: One number and the phones behind it.
_RING_GROUP = r"7\d{3}=1\d{3}(\+1\d{3})*"


class ConfigurationError(CtiError):
    """A setting is missing or makes no sense; the message names each one."""

    code = "configuration.invalid"


class Settings(BaseModel):
    """All settings of the service. Paths are absolute once loaded; the folders below ``home`` are made from
    it.
    """

    model_config = ConfigDict(frozen=True)

    #: Everything the installation writes lives below this folder.
    home: Path = Path("var")
    #: ``postgresql+asyncpg://user:password@host/database``; ``make run`` fills in the embedded server's.
    database_url: SecretStr

    ami_host: str = "127.0.0.1"
    ami_port: int = Field(5038, ge=1, le=65535)
    ami_user: str = "cti"
    ami_secret: SecretStr
    #: A second AMI user whose only right is to send a NOTIFY to a phone (hold and resume from the page).
    ami_phone_user: str = "cti-phone"
    ami_phone_secret: SecretStr

    agi_host: str = "127.0.0.1"
    agi_port: int = Field(4573, ge=1, le=65535)
    #: The dialplan signs each FastAGI request with SHA1("<secret>:<uniqueid>").
    agi_secret: SecretStr

    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=1, le=65535)
    #: The address people type, when a proxy stands before us; cookies are Secure when it is https.
    external_base_url: str | None = None

    #: Asterisk's systemname, the first part of every Uniqueid.
    node: str = Field("pbx1", pattern=r"^[A-Za-z0-9_]{1,32}$")

    journal_dir: Path
    journal_retention_days: int = Field(30, ge=1, le=3650)
    journal_segment_bytes: int = Field(8 * 1024 * 1024, ge=64 * 1024)

    cel_csv_path: Path
    #: CEL in a table of PostgreSQL (`cel_pgsql`) instead of the file: where, and its name (with its schema).
    cel_database_url: SecretStr | None = None
    cel_table: str = Field("cel", pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62})?$")
    #: What a time without a zone is in, in CEL.
    cel_timezone: str = "UTC"
    queue_log_path: Path
    recordings_dir: Path
    #: Files that somebody sends, until they are imported; for a day at most.
    uploads_dir: Path
    #: Asterisk's voicemail, whose general mailbox becomes tasks, and of which queue when that is not known.
    voicemail_dir: Path
    voicemail_queue: str = Field("overflow", pattern=r"^[a-z0-9-]{1,64}$")
    asterisk_etc_dir: Path
    #: What callers hear, by language; Asterisk plays it and the service writes it.
    sounds_dir: Path

    #: What `cti asterisk` renders: where phones and the trunk find Asterisk, and it them (``host:port``).
    sip_host: str = "127.0.0.1"
    sip_port: int = Field(5060, ge=1, le=65535)
    rtp_ports: str = Field("10000-14999", pattern=r"^\d{4,5}-\d{4,5}$")
    #: Addresses from which the trunk's calls come, with commas between.
    trunk_sources: str = "127.0.0.1:5080"
    carrier: str = Field("127.0.0.1:5090", pattern=r"^[A-Za-z0-9.-]+:\d{1,5}$")
    #: Extensions of the desk phones; their passwords are made and kept in ``<home>/secrets``.
    phones: str = Field("1001-1010", pattern=r"^1\d{3}-1\d{3}$")
    #: Whom a queue rings, where it is not one agent after the other: ``sales=ringall,support=leastrecent``.
    queue_strategies: str = Field("", pattern=_STRATEGIES)
    #: Numbers behind which several phones ring at once: ``7001=1001+1002,7002=...``.
    ring_groups: str = Field("", pattern=rf"^({_RING_GROUP}(,{_RING_GROUP})*)?$")

    #: Beginnings of numbers that are dialled beyond the home region, in E.164: ``+44,+1876``.
    allowed_prefixes: str = Field("", pattern=rf"^({_NUMBER}(,{_NUMBER})*)?$")
    #: Numbers that are ours and that somebody who is called may see, in E.164.
    caller_ids: str = Field("", pattern=rf"^({_NUMBER}(,{_NUMBER})*)?$")

    #: For how long it is kept why somebody was dialled or not; evidence is wanted for a month at least.
    decision_retention_days: int = Field(90, ge=30, le=3650)

    #: An external customer system asked over HTTP (300 ms limit); our own tables when not set.
    crm_url: str | None = None
    crm_token: SecretStr | None = None

    #: Other systems that flows may ask and tell, by name: ``prices=https://… tips=https://…``.
    endpoints: str = ""
    #: Signs what they are told.
    endpoints_secret: SecretStr | None = None

    #: Region in which a number without country code is read.
    default_region: str = Field("CN", pattern=r"^[A-Z]{2}$")
    #: In which callers hear what day and time it is.
    callers_timezone: str = "Asia/Shanghai"
    #: The opening hours (their name) in which agents may call people by hand, on the clock of the person
    #: called; when not set, every day 9 to 20.
    dial_calendar: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")
    #: zh-CN or en, for whatever has no reader whose language is known.
    default_language: str = Field("zh-CN", pattern=r"^(zh-CN|en)$")
    log_level: str = Field("info", pattern=r"^(debug|info|warning|error)$")
    #: ``console`` for people, ``json`` for log collectors.
    log_format: str = Field("console", pattern=r"^(console|json)$")

    @field_validator("ami_host", "agi_host", "http_host")
    @classmethod
    def _host_is_plain(cls, value: str) -> str:
        if not value or any(c.isspace() or not c.isprintable() or c in "/@?#" for c in value):
            raise ValueError("is no host name or address")
        return value

    @field_validator("cel_timezone", "callers_timezone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone, as in Asia/Shanghai") from None
        return value

    @field_validator("endpoints")
    @classmethod
    def _endpoints_are_addresses(cls, value: str) -> str:
        for word in value.split():
            name, _, url = word.partition("=")
            if not _ENDPOINT.fullmatch(name) or not url.startswith(("http://", "https://")):
                raise ValueError("is no list of name=http://… or name=https://…")
        return value

    @model_validator(mode="before")
    @classmethod
    def _paths_below_home(cls, values: dict[str, Any]) -> dict[str, Any]:
        home = Path(values.get("home") or cls.model_fields["home"].default).expanduser().absolute()
        asterisk = home / "asterisk"
        below = {
            "journal_dir": home / "journal",
            "cel_csv_path": asterisk / "log" / "cel-custom" / "cel.csv",
            "queue_log_path": asterisk / "log" / "queue_log",
            "recordings_dir": home / "recordings",
            "uploads_dir": home / "uploads",
            "voicemail_dir": asterisk / "spool" / "voicemail",
            "asterisk_etc_dir": asterisk / "etc",
            "sounds_dir": home / "sounds",
        }
        chosen = {
            name: Path(values.get(name) or path).expanduser().absolute() for name, path in below.items()
        }
        return {**values, **chosen, "home": home}

    @model_validator(mode="after")
    def _addresses_are_http(self) -> Self:
        for name in ("crm_url", "external_base_url"):
            url = getattr(self, name)
            if url is not None and not url.startswith(("http://", "https://")):
                raise ValueError(f"{PREFIX}{name.upper()} must start with http:// or https://")
        return self

    @property
    def endpoint_addresses(self) -> dict[str, str]:
        """The addresses of `endpoints` by name."""
        return dict(word.split("=", 1) for word in self.endpoints.split())

    @property
    def loopback_only(self) -> bool:
        """Whether nothing of the service listens beyond this machine."""
        return all(_is_loopback(host) for host in (self.agi_host, self.http_host))


def home() -> Path:
    """Where everything is kept that the installation writes: ``CTI_HOME``, else ``var`` below the current
    folder.
    """
    chosen = os.environ.get(f"{PREFIX}HOME") or Settings.model_fields["home"].default
    return Path(chosen).expanduser().absolute()


def cache_dir() -> Path:
    """Where big things are kept that several checkouts share: ``CTI_CACHE``, else ``~/.cache/cti``."""
    return Path(os.environ.get(f"{PREFIX}CACHE") or Path.home() / ".cache" / "cti").expanduser().absolute()


def sounds_dir() -> Path:
    """The setting of that name, for programs that need no other: ``CTI_SOUNDS_DIR``, else below home."""
    return Path(os.environ.get(f"{PREFIX}SOUNDS_DIR") or home() / "sounds").expanduser().absolute()


def speech_cache_dir() -> Path:
    """Where synthetic speech is kept that several installations on this machine share."""
    return cache_dir() / "speech"


def default_language() -> str:
    """The setting of that name, for programs that need no other: ``CTI_DEFAULT_LANGUAGE``, else zh-CN."""
    return "en" if os.environ.get(f"{PREFIX}DEFAULT_LANGUAGE") == "en" else "zh-CN"


def given(name: str) -> bool:
    """Whether the operator has set the setting ``name`` (or its file) in the environment."""
    variable = f"{PREFIX}{name.upper()}"
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def load(**overrides: Any) -> Settings:
    """Read the settings; ``overrides`` win over the environment, and that over files of secrets.

    Raises:
        ConfigurationError: naming every variable that is missing or wrong, without showing its value.
    """
    try:
        return Settings.model_validate({**_secrets(), **_environment(), **overrides})
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_input=False, include_url=False)]
        raise ConfigurationError("; ".join(problems)) from None


def _environment() -> dict[str, str]:
    """What the environment sets; an empty variable sets nothing."""
    values = {name: os.environ.get(f"{PREFIX}{name.upper()}") for name in Settings.model_fields}
    return {name: value for name, value in values.items() if value}


def _secrets() -> dict[str, str]:
    """Values that stand in the files named by ``CTI_<NAME>_FILE``."""
    variables = {name: f"{PREFIX}{name.upper()}_FILE" for name in Settings.model_fields if _is_secret(name)}
    return {name: _first_line(variable) for name, variable in variables.items() if os.environ.get(variable)}


def _first_line(variable: str) -> str:
    path = os.environ[variable]
    try:
        first = Path(path).read_text(encoding="utf-8").splitlines()[:1]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{variable}: cannot read {path}: {error}") from error
    if not first or not first[0]:
        raise ConfigurationError(f"{variable}: {path} is empty")
    return first[0]


def _is_secret(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is not None and field.annotation in (SecretStr, SecretStr | None)


def _problem(item: Mapping[str, Any]) -> str:
    if not item["loc"]:
        return str(item["msg"])
    name = str(item["loc"][0])
    variable = f"{PREFIX}{name.upper()}"
    if item["type"] == "missing":
        return f"{variable} is not set" + (f" (nor {variable}_FILE)" if _is_secret(name) else "")
    return f"{variable}: {item['msg']}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
