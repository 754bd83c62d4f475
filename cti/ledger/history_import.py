"""Past calls written into the database by the recorder's own statements; to do it twice changes nothing."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from cti.db.engine import plain_dsn
from cti.errors import HistoryOfLivingNode, LedgerDatabaseAway
from cti.ledger.history import PastCall
from cti.recorder.batch import Changes
from cti.recorder.batch_writer import RecorderFenced, write_batch
from cti.recorder.connection import AWAY, open_connection, read_position

_CALLS_AT_ONCE: Final = 500


async def import_calls(url: str, node: str, own_node: str, calls: Iterable[PastCall]) -> int:
    """Writes the calls under the name of a node; how many there were.

    Raises:
        HistoryOfLivingNode: a service records this node.
        LedgerDatabaseAway: the database does not answer.
    """
    if node == own_node:
        raise HistoryOfLivingNode(f"{node} is the node that this installation records (CTI_NODE)")
    try:
        connection = await open_connection(plain_dsn(url), node)
    except AWAY as error:
        raise LedgerDatabaseAway(f"{LedgerDatabaseAway.__doc__} {error}") from error
    try:
        position, count = await read_position(connection, node), 0
        changes = Changes(node)
        months: set[date] = set()
        for past in calls:
            month = datetime.fromtimestamp(past.call.started_at, UTC).date().replace(day=1)
            if month not in months:
                months.add(month)
                # A call may go on into the next.
                await connection.execute("SELECT cti_ensure_partitions($1, 2)", month)
            changes.mark(past.facts, position + 1)
            count += 1
            if count % _CALLS_AT_ONCE == 0:
                await write_batch(connection, node, changes.cut(position + 1), position)
                position, changes = position + 1, Changes(node)
        await write_batch(connection, node, changes.cut(position + 1), position)
    except AWAY as error:
        raise LedgerDatabaseAway(f"{LedgerDatabaseAway.__doc__} {error}") from error
    except RecorderFenced as error:
        raise HistoryOfLivingNode(error.message) from error
    finally:
        connection.terminate()
    return count
