"""Key 9 of whom a campaign has dialled, while the service is dead: it is on the list once it lives again."""

import asyncio
from pathlib import Path

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.dialled_calls import CALLED, dial
from tests.stage.flow_centre import flow_centre
from tests.stage.listening import SILENCE

ATTEMPT = "at-refuses-meanwhile"


async def test_who_presses_nine_while_the_service_is_dead_is_on_the_list_once_it_lives(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> None:
    """The dialplan, which had him, has told CEL."""
    async with (
        flow_centre(lab, postgres_url, tmp_path / "service") as centre,
        lab.carrier(answering(after=1.0), audio=True, sound=SILENCE) as carrier,
    ):
        told = observer.expect("UserEvent", UserEvent="CtiAttemptAbandoned", Uniqueid=ATTEMPT)
        ended = observer.expect("Hangup", Uniqueid=ATTEMPT)
        await dial(observer, ATTEMPT, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en")
        assert await centre.until("SELECT 1 FROM legs WHERE uniqueid = $1", ATTEMPT) == [(1,)]
        await centre.service.kill()
        await asyncio.wait_for(told, 30)
        await (await carrier.next_call()).press("9")
        await asyncio.wait_for(ended, 60)
        listed = "SELECT source, level FROM do_not_call_entries WHERE number = $1"
        assert await centre.rows(listed, CALLED) == []
        await centre.service.start()
        assert await centre.until(listed, CALLED) == [("key", "global")]
        assert await centre.rows("SELECT reason FROM anomalies WHERE uniqueid = $1", ATTEMPT) == []
