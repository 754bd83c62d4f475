"""Keys reach a flow whichever way the caller's network sends them; sipp is the caller."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.simulation.keying import WAYS, keying_callers
from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from tests.stage.flow_stage import MENU, FlowStage, flow_stage


@pytest_asyncio.fixture
async def stage(lab: Lab, observer: AmiObserver, tmp_path: Path) -> AsyncIterator[FlowStage]:
    async with flow_stage(lab, tmp_path / "stage") as stage:
        stage.book.put(MENU)
        stage.route("main")
        yield stage
        await lab.clear(observer)


@pytest.mark.parametrize("way", WAYS)
async def test_keys_are_taken_once_each_and_in_order(
    lab: Lab, stage: FlowStage, tmp_path: Path, way: str
) -> None:
    script = [(1.0, "1"), *((3.0 + 0.25 * n, key) for n, key in enumerate("047#"))]
    await keying_callers(lab, tmp_path, way, script)
    assert stage.answers() == [("what", "sales"), ("account", "047")]
    assert stage.outcomes() == ["completed"]
    assert not stage.of("CtiFlowMistake")
