"""The rendered configuration is complete, and no value can say more than it should."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cti.config import ConfigurationError
from cti.installation.asterisk_files import TemplateError, render_all, write_all
from cti.installation.asterisk_plan import AsteriskPlan, AsteriskSecrets, PhonePlan, RingGroupPlan
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
    with pytest.raises(TemplateError):
        render_all(replace(plan, ring_groups=[RingGroupPlan(extension="7001", phones=["1001", evil])]))


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


def section(text: str, name: str) -> str:
    """A section of a configuration file, without its comments."""
    lines = text.partition(f"\n[{name}]\n")[2].partition("\n[")[0].splitlines()
    return "\n".join(line for line in lines if not line.startswith((";", " ;")))


def test_what_phones_may_dial_no_caller_from_outside_reaches(plan: AsteriskPlan) -> None:
    rendered = render_all(
        replace(plan, ring_groups=[RingGroupPlan(extension="7001", phones=["1001", "1002"])])
    )
    dialplan = rendered["extensions.conf"]
    for place in ("parkedcalls", "groups", "phones"):
        including = [
            name
            for name in re.findall(r"\n\[(\S+)\]", dialplan)
            if f"include => {place}\n" in section(dialplan, name)
        ]
        assert including == ([] if place == "phones" else ["phones"])
    assert "exten => 7001,1,Set(CALLERID(name)=)\n same => n,Dial(PJSIP/1001&PJSIP/1002," in section(
        dialplan, "groups"
    )
    for application in ("PickupChan(", "ConfBridge("):
        assert dialplan.count(application) == section(dialplan, "phones").count(application) == 1
    assert "context = parkedcalls" in section(rendered["res_parking.conf"], "default")
    trunk = section(rendered["pjsip.conf"], "trunk")
    assert "context = inbound" in trunk
    assert "group" not in trunk  # of pickup
    assert "allow_transfer = no" in trunk


def test_only_the_service_reaches_what_dialled_people_hear(plan: AsteriskPlan) -> None:
    dialplan = render_all(plan)["extensions.conf"]
    places = (
        "dialled-flow",
        "dialled-queue",
        "dialled",
        "dialled-offer",
        "dialled-taken",
        "abandoned",
        "refused",
    )
    for place in places:
        assert f"include => {place}\n" not in dialplan
    for name in ("inbound", "flow-inbound", "phones", "queues", "groups", "outbound"):
        assert not any(place in section(dialplan, name) for place in places)
    # Neither an offer nor the message can take longer than the connect limit allows.
    assert "Set(TIMEOUT(absolute)=2)\n same => n,Queue(${CTI_QUEUE},ctib(dialled-offer^s^1)," in section(
        dialplan, "dialled"
    )
    assert "Background(cti/abandoned,m)" in section(dialplan, "abandoned")


def test_neither_the_network_nor_a_phone_that_a_queue_rings_can_send_a_call_elsewhere(
    plan: AsteriskPlan,
) -> None:
    dialplan = render_all(plan)["extensions.conf"]
    assert ",60,Ti)" in section(dialplan, "outbound")
    assert "Queue(${CTI_QUEUE},cti," in section(dialplan, "queue-entry")


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
