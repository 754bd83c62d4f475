"""The doctor finds nothing at a sound installation, and names what is broken at others."""

from collections.abc import Callable

import pytest

from cti.config import Settings
from cti.db.migrations import upgrade
from cti.installation.doctor import examine
from cti.installation.findings import Level
from cti.simulation.lab import Lab

#: No service runs in these tests, and the database has no queues.
EXPECTED_WITHOUT_SERVICE = {
    "fastagi.unreachable", "service.unreachable", "database.not_migrated", "queues.not_in_database",
    "cel.unreadable",
}  # fmt: skip


async def _codes(settings: Settings) -> dict[str, Level]:
    return {finding.code: finding.level async for finding in examine(settings)}


async def test_a_sound_asterisk_and_database_are_fine(
    lab: Lab, empty_url: str, settings_for: Callable[..., Settings]
) -> None:
    settings = settings_for(lab, empty_url)
    before = await _codes(settings)
    assert before["database.not_migrated"] is Level.FAILURE
    await upgrade(empty_url)
    found = await _codes(settings)
    troubles = {code for code, level in found.items() if level is not Level.FINE}
    assert troubles <= EXPECTED_WITHOUT_SERVICE - {"database.not_migrated"}
    assert {
        "ami.login", "ami.rights", "ami.phone_rights", "asterisk.version", "asterisk.systemname",
        "clock.equal",
        "dialplan.contexts", "manager.timestamps", "manager.eventfilter", "database.reachable",
        "database.migrated", "folder.journal", "folder.recordings", "folder.voicemail",
        "sounds.complete",
    } <= set(found)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ami_secret": "wrong"}, "ami.wrong_secret"),
        ({"ami_phone_secret": "wrong"}, "ami.wrong_secret"),
        ({"ami_port": 1}, "ami.unreachable"),
        ({"node": "other"}, "asterisk.other_systemname"),
        ({"database_url": "postgresql://x@127.0.0.1:1/x"}, "database.unreachable"),
        ({"journal_dir": "/dev/null/journal"}, "folder.journal_unusable"),
        ({"asterisk_etc_dir": "/nowhere"}, "manager.unreadable"),
        ({"voicemail_dir": "/nowhere"}, "folder.voicemail_elsewhere"),
        ({"voicemail_dir": "/nowhere", "asterisk_etc_dir": "/nowhere"}, "folder.voicemail_absent"),
        ({"sounds_dir": "/nowhere"}, "sounds.missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
async def test_what_is_broken_is_named(
    lab: Lab, empty_url: str, settings_for: Callable[..., Settings], changes: dict[str, object], code: str
) -> None:
    url = str(changes.pop("database_url", empty_url))
    assert code in await _codes(settings_for(lab, url, **changes))


async def test_a_user_with_too_many_rights_is_named(
    lab: Lab, empty_url: str, settings_for: Callable[..., Settings]
) -> None:
    settings = settings_for(
        lab, empty_url, ami_user=lab.plan.observer_user, ami_secret=lab.plan.secrets.observer
    )
    assert (await _codes(settings))["ami.rights_too_many"] is Level.WARNING
