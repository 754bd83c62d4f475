"""docker-compose.yml uses settings and commands that exist, and the parts of `make run`."""

from pathlib import Path

import pytest
import yaml

from cti.command_line import program
from cti.config import Settings

COMPOSE = yaml.safe_load((Path(__file__).parents[3] / "docker-compose.yml").read_text())
OURS = {name: part for name, part in COMPOSE["services"].items() if part.get("image") == "cti"}


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_known(name: str) -> None:
    for variable in OURS[name]["environment"]:
        setting = variable.removeprefix("CTI_").removesuffix("_FILE").lower()
        assert setting in Settings.model_fields, variable


def test_commands_are_those_of_the_command_line() -> None:
    known = {command.name or command.callback.__name__ for command in program.registered_commands}
    used = {part["command"][1] for part in OURS.values() if part["command"][0] == "cti"}
    assert used == {"asterisk", "migrate", "serve"}
    assert used <= known


def test_nothing_is_published_beyond_this_machine_by_default() -> None:
    for part in COMPOSE["services"].values():
        assert "ports" not in part
    environment = OURS["service"]["environment"]
    assert environment["CTI_HTTP_HOST"] == "${CTI_HTTP_HOST:-127.0.0.1}"
    assert environment["CTI_SIP_HOST"] == "${CTI_SIP_HOST:-127.0.0.1}"


def test_every_dependency_is_a_service() -> None:
    for part in COMPOSE["services"].values():
        assert set(part.get("depends_on", {})) <= set(COMPOSE["services"])
