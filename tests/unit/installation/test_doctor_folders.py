"""What the doctor says of Asterisk's mailbox: whether both the service and Asterisk can use it."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cti.config import Settings, load
from cti.installation.doctor_folders import Account, examine_voicemail
from cti.tasks.voicemail_watch import mailbox_folder

SERVICE = Account(name="cti", uid=os.getuid() + 1, gids=frozenset({os.getgid() + 1}))
ASTERISK = Account(name="asterisk", uid=os.getuid() + 2, gids=frozenset({os.getgid()}))
ROOT = Account(name="root", uid=0, gids=frozenset({0}))


@pytest.fixture
def settings() -> Iterator[Settings]:
    # Not below pytest's own folder, to which nobody else comes.
    with TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        yield load(
            home=home, database_url="postgresql://x/x", ami_secret="x", ami_phone_secret="x", agi_secret="x"
        )


def inbox(settings: Settings, mode: int) -> Path:
    folder = mailbox_folder(settings.voicemail_dir, "6000")
    folder.mkdir(parents=True)
    for path in (folder, *folder.parents):
        if settings.home in path.parents:
            path.chmod(0o755)
    folder.chmod(mode)
    return folder


@pytest.mark.parametrize(
    ("mode", "code", "user"),
    [
        (0o777, "folder.voicemail", None),
        (0o775, "folder.voicemail_closed", "cti"),
        (0o757, "folder.voicemail_closed_to_asterisk", "asterisk"),
        (0o770, "folder.voicemail_closed", "cti"),
        (0o700, "folder.voicemail_closed", "cti"),
    ],
)
def test_both_must_be_able_to_read_and_write_where_messages_lie(
    settings: Settings, mode: int, code: str, user: str | None
) -> None:
    folder = inbox(settings, mode)
    found = examine_voicemail(settings, SERVICE, ASTERISK)
    assert (found.code, found.values.get("user")) == (code, user)
    assert found.values["path"] == str(settings.voicemail_dir if user is None else folder)
    assert examine_voicemail(settings, ROOT, None).code == "folder.voicemail"


def test_a_folder_nobody_comes_to_is_closed_whatever_is_in_it(settings: Settings) -> None:
    inbox(settings, 0o777)
    settings.voicemail_dir.chmod(0o700)
    assert examine_voicemail(settings, SERVICE, ASTERISK).code == "folder.voicemail_closed"


def test_before_the_first_message_the_folder_around_it_counts(settings: Settings) -> None:
    assert examine_voicemail(settings, ROOT, ROOT).code == "folder.voicemail_absent"
    settings.voicemail_dir.mkdir(parents=True)
    assert examine_voicemail(settings, ROOT, ROOT).code == "folder.voicemail"
    assert examine_voicemail(settings, ROOT, SERVICE).code == "folder.voicemail_closed_to_asterisk"


def test_a_file_in_its_way_is_named(settings: Settings) -> None:
    settings.voicemail_dir.mkdir(parents=True)
    (settings.voicemail_dir / "default").write_text("")
    found = examine_voicemail(settings, ROOT, ROOT)
    assert (found.code, found.values["path"]) == (
        "folder.voicemail_is_none", str(settings.voicemail_dir / "default"),
    )  # fmt: skip


def test_asterisk_s_own_configuration_says_where_messages_lie(settings: Settings) -> None:
    inbox(settings, 0o777)
    settings.asterisk_etc_dir.mkdir(parents=True)
    conf = settings.asterisk_etc_dir / "asterisk.conf"
    conf.write_text("[directories]\nastspooldir => /var/spool/asterisk ; as packaged\n")
    found = examine_voicemail(settings, SERVICE, ASTERISK)
    assert (found.code, found.values["asterisk"]) == (
        "folder.voicemail_elsewhere", "/var/spool/asterisk/voicemail",
    )  # fmt: skip
    conf.write_text(f"[directories]\nastspooldir = {settings.voicemail_dir.parent}\n")
    assert examine_voicemail(settings, SERVICE, ASTERISK).code == "folder.voicemail"


def test_who_wrote_a_file_is_known_where_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    assert Account.of_owner(path) is None
    path.write_text("")
    found = Account.of_owner(path)
    assert found is not None
    assert (found.uid, os.getgid() in found.gids) == (os.getuid(), True)
