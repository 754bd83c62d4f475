"""The rendered configuration is complete, and no value can say more than it should."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cti.config import ConfigurationError
from cti.installation.asterisk_files import (
    AsteriskPlan,
    AsteriskSecrets,
    PhonePlan,
    TemplateError,
    render_all,
    write_all,
)
from cti.installation.asterisk_service import queues_of


@pytest.fixture
def plan(tmp_path: Path) -> AsteriskPlan:
    return AsteriskPlan(
        home=tmp_path / "asterisk",
        secrets=AsteriskSecrets.generate(["1001", "1002"]),
        phones=[PhonePlan(extension="1001", contact="127.0.0.1:15001"), PhonePlan(extension="1002")],
    )


def test_no_placeholder_is_left(plan: AsteriskPlan) -> None:
    for name, text in render_all(plan).items():
        assert not re.search(r"@[A-Z_]+@", text), name


@pytest.mark.parametrize("evil", ["x\ny", "a;b", "${EVAL(1)}", 'q"', "a,b", "x\x00"])
def test_a_value_that_asterisk_would_act_upon_is_refused(plan: AsteriskPlan, evil: str) -> None:
    with pytest.raises(TemplateError):
        render_all(replace(plan, node=evil))
    with pytest.raises(TemplateError):
        render_all(replace(plan, phones=[PhonePlan(extension="1001", contact=evil)]))
    with pytest.raises(TemplateError):
        render_all(replace(plan, trunk_sources=[evil]))


def test_the_service_may_not_run_programs_and_ami_stays_on_loopback(plan: AsteriskPlan) -> None:
    manager = render_all(plan)["manager.conf"]
    service = manager.partition("[cti]")[2].partition("[")[0]
    assert "write = call,agent,originate,reporting" in service
    assert "bindaddr = 127.0.0.1" in manager
    assert "timestampevents = yes" in manager
    assert "[observer]" not in manager


def test_no_dialplan_application_runs_a_program(plan: AsteriskPlan) -> None:
    rendered = render_all(plan)
    assert "autoload = no" in rendered["modules.conf"]
    for forbidden in (
        "app_system.so",
        "func_shell.so",
        "app_externalivr.so",
        "func_env.so",
        "func_evalexten.so",
    ):
        assert forbidden not in rendered["modules.conf"]
    for forbidden in ("System(", "SHELL(", "EVAL(", "MixMonitor("):
        assert forbidden not in rendered["extensions.conf"]


def test_each_queue_rings_as_its_own_strategy_says(plan: AsteriskPlan) -> None:
    rendered = render_all(replace(plan, queues=queues_of("sales=ringall")))["queues.conf"]
    strategies = re.findall(r"^\[(\w+)\]\(queue\)\nstrategy = (\w+)", rendered, re.MULTILINE)
    assert dict(strategies) == {"sales": "ringall", "support": "rrmemory", "overflow": "rrmemory"}
    with pytest.raises(ConfigurationError, match="there is no queue 'sale'"):
        queues_of("sale=ringall")


def test_files_are_for_their_owner_only_and_written_once(plan: AsteriskPlan) -> None:
    write_all(plan)
    files = sorted(plan.etc.iterdir())
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    before = [path.stat().st_mtime_ns for path in files]
    write_all(plan)
    assert [path.stat().st_mtime_ns for path in files] == before


def test_secrets_differ_between_installations() -> None:
    one, other = AsteriskSecrets.generate(["1001"]), AsteriskSecrets.generate(["1001"])
    assert len({one.ami, other.ami, one.ami_phone, one.agi, one.phones["1001"], other.phones["1001"]}) == 6
