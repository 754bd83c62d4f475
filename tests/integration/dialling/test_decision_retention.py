"""Records of why somebody was dialled or not are kept for so many days, and no longer."""

from dial_room import DialRoom

from cti.dialling.records.decision_retention import BATCH, DecisionRetention

_WRITE = """
INSERT INTO dial_decisions (phone, at, record)
SELECT '+8613800138000', now() - make_interval(days => :days), '{"at": 0.0}' FROM generate_series(1, :count)
"""


async def test_what_is_older_is_erased_batch_by_batch_and_the_rest_stays(room: DialRoom) -> None:
    await room.run(_WRITE, days=91, count=2 * BATCH + 5)
    await room.run(_WRITE, days=89, count=7)
    retention = DecisionRetention(room.engine, days=90)
    assert await retention.erase() == 2 * BATCH + 5
    assert await room.value("SELECT count(*) FROM dial_decisions") == 7
    assert await retention.erase() == 0


async def test_a_record_from_a_clock_that_was_ahead_keeps_no_other(room: DialRoom) -> None:
    await room.run(_WRITE, days=-400, count=1)
    await room.run(_WRITE, days=91, count=3)
    assert await DecisionRetention(room.engine, days=90).erase() == 3
