"""What an operator sets is read once, and whatever is wrong is named."""

from pathlib import Path

import pytest

from cti import config
from cti.installation.asterisk_process import AsteriskProgram
from cti.installation.asterisk_service import plan_of

SECRETS = {
    "CTI_DATABASE_URL": "postgresql://u:hidden-password@h/d",
    "CTI_AMI_SECRET": "hidden-ami",
    "CTI_AMI_PHONE_SECRET": "hidden-phone",
    "CTI_AGI_SECRET": "hidden-agi",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(config.os.environ):
        if name.startswith("CTI_"):
            monkeypatch.delenv(name)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_every_missing_secret_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        environment.delenv(name)
    with pytest.raises(config.ConfigurationError) as failure:
        config.load()
    for name in SECRETS:
        assert name in failure.value.message


def test_a_wrong_value_is_named_and_no_secret_is_shown(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CTI_HTTP_PORT", "99999")
    environment.setenv("CTI_NODE", "a b")
    with pytest.raises(config.ConfigurationError) as failure:
        config.load()
    assert "CTI_HTTP_PORT" in failure.value.message
    assert "CTI_NODE" in failure.value.message
    assert "hidden" not in failure.value.message


def test_a_secret_may_stand_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-file\n")
    environment.delenv("CTI_AMI_SECRET")
    environment.setenv("CTI_AMI_SECRET_FILE", str(tmp_path / "secret"))
    assert config.load().ami_secret.get_secret_value() == "from-file"


def test_an_unreadable_secret_file_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("CTI_AMI_SECRET")
    environment.setenv("CTI_AMI_SECRET_FILE", str(tmp_path / "absent"))
    with pytest.raises(config.ConfigurationError, match="CTI_AMI_SECRET_FILE"):
        config.load()


@pytest.mark.parametrize("name", ["CTI_CEL_TIMEZONE", "CTI_CALLERS_TIMEZONE"])
@pytest.mark.parametrize("value", ["Mars/Phobos", "../../etc/passwd", "+08:00"])
def test_a_time_zone_that_there_is_not_is_named(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(config.ConfigurationError, match=name):
        config.load()


def test_folders_follow_the_home_unless_set(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("CTI_HOME", str(tmp_path))
    environment.setenv("CTI_RECORDINGS_DIR", "/elsewhere")
    settings = config.load()
    assert settings.journal_dir == tmp_path / "journal"
    assert settings.recordings_dir == Path("/elsewhere")
    assert settings.sounds_dir == config.sounds_dir() == tmp_path / "sounds"
    environment.setenv("CTI_SOUNDS_DIR", "/heard")
    assert config.load().sounds_dir == config.sounds_dir() == Path("/heard")


def test_settings_print_no_secret_and_cannot_be_changed(environment: pytest.MonkeyPatch) -> None:
    settings = config.load()
    assert "hidden" not in repr(settings)
    with pytest.raises(ValueError, match="frozen"):
        settings.http_port = 1


def test_by_default_nothing_listens_beyond_this_machine(environment: pytest.MonkeyPatch) -> None:
    assert config.load().loopback_only
    environment.setenv("CTI_HTTP_HOST", "0.0.0.0")
    assert not config.load().loopback_only


def test_groups_of_phones_are_read_from_one_line(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("CTI_HOME", str(tmp_path))
    environment.setenv("CTI_RING_GROUPS", "7001=1001+1002,7002=1003")
    plan = plan_of(config.load(), AsteriskProgram(command=["asterisk"], root=tmp_path, version="22.0.0"))
    assert [(group.extension, list(group.phones)) for group in plan.ring_groups] == [
        ("7001", ["1001", "1002"]),
        ("7002", ["1003"]),
    ]


@pytest.mark.parametrize(
    "value", ["7001", "7001=1001,", "6001=1001", "7001=1001&1002", "7001=1001+PJSIP/trunk"]
)
def test_a_group_that_names_anything_but_phones_is_refused(
    environment: pytest.MonkeyPatch, value: str
) -> None:
    environment.setenv("CTI_RING_GROUPS", value)
    with pytest.raises(config.ConfigurationError, match="CTI_RING_GROUPS"):
        config.load()
