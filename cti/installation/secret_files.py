"""Secrets of an installation: generated at first start, kept in files of mode 0600, never printed, never
committed.
"""

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from cti.installation.asterisk_plan import AsteriskSecrets


def kept(folder: Path, name: str, make: Callable[[], str] = lambda: secrets.token_hex(24)) -> str:
    """The secret of that name; made at first use."""
    path = folder / name
    if path.exists() and (value := path.read_text(encoding="utf-8").strip()):
        return value
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    value = make()
    path.touch(mode=0o600)
    path.write_text(value + "\n", encoding="utf-8")
    return value


def password() -> str:
    """A password that a person can type: some 60 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))


def asterisk_secrets(folder: Path, extensions: Iterable[str]) -> AsteriskSecrets:
    """What Asterisk's configuration needs, from the files in ``folder``."""
    return AsteriskSecrets(
        ami=kept(folder, "ami_secret"),
        ami_phone=kept(folder, "ami_phone_secret"),
        agi=kept(folder, "agi_secret"),
        phones={e: kept(folder, f"phone_{e}", lambda: secrets.token_hex(12)) for e in extensions},
        mailbox_pin=kept(folder, "mailbox_pin", lambda: f"{secrets.randbelow(10**8):08d}"),
    )
