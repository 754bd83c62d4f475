"""An attempt is sent: committed as SENDING first, then Originate, once; and what Asterisk answers is kept.

When the service dies between the two, nobody knows whether the attempt was sent, so it counts as one and is
looked for (`cti.dialling.attempts.recovery`). Nothing sends it a second time: only a RESERVED attempt becomes
SENDING, and AMI never repeats an action.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection
from cti.campaigns.model import Campaign, CampaignDefinition, CampaignKind
from cti.dialling.attempts.attempt_book import AttemptBook, Settlement
from cti.dialling.attempts.open_attempt import OpenAttempt
from cti.dialling.records import attempt_store
from cti.dialling.records.claims import Claim
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.lease import Lease, may_send
from cti.dialling.rules.outcome import Outcome
from cti.errors import ActionRefused, AmiError, AmiNotConnected, CtiError, InvalidField

log = structlog.get_logger(__name__)

TRUNK: Final = "trunk"
FLOW_CONTEXT: Final = "dialled-flow"
QUEUE_CONTEXT: Final = "dialled-queue"
#: What the called network sees of the attempt.
ATTEMPT_HEADER: Final = "X-CTI-Attempt"


class Origination:
    """Sends attempts under a lease of ``holder``; `close` leaves those that were sent to their events."""

    def __init__(
        self,
        engine: AsyncEngine,
        ami: AmiConnection,
        book: AttemptBook,
        *,
        holder: str,
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._ami = ami
        self._book = book
        self._holder = holder
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Waits for no answer any more."""
        for task in self._tasks:
            task.cancel()

    async def send(self, claim: Claim, campaign: Campaign, *, lease: Lease, boot: str) -> bool:
        """Sends a reserved attempt. False when it may not be sent any more: then it is to be released.

        Raises: as the database does; then nothing was sent, whatever the database holds.
        """
        now = self._clock()
        async with self._engine.begin() as connection:
            sending = await attempt_store.set_sending(
                connection,
                claim.attempt_id,
                holder=self._holder,
                epoch=lease.epoch,
                now=now,
                boot=boot or None,
            )
        if not sending:
            return False
        definition = campaign.definition
        self._book.open(
            OpenAttempt(
                id=claim.attempt_id,
                phone=claim.phone,
                campaign_id=campaign.id,
                queue=agents_of(definition),
                sent_at=now,
                ring_seconds=claim.ring_seconds,
                listens=definition.machine_detection != "off",
                boot=boot,
            )
        )
        if not may_send(lease, self._holder, lease.epoch, self._clock()):
            # The database took too long: another may dial by now.
            self._book.end(claim.attempt_id, Settlement(outcome=Outcome.NOT_SENT, ended_at=self._clock()))
            return True
        task = asyncio.create_task(self._originate(claim, definition), name=f"attempt {claim.attempt_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _originate(self, claim: Claim, definition: CampaignDefinition) -> None:
        attempt_id = claim.attempt_id
        try:
            answer = await actions.originate(
                self._ami,
                dial=f"PJSIP/{claim.phone}@{TRUNK}",
                context=FLOW_CONTEXT if agents_of(definition) is None else QUEUE_CONTEXT,
                exten="s",
                channel_id=attempt_id,
                action_id=attempt_id,
                caller_number=claim.caller_id,
                ring_seconds=claim.ring_seconds,
                variables=_variables(claim, definition),
                sip_headers={ATTEMPT_HEADER: attempt_id},
            )
        except (AmiNotConnected, InvalidField) as error:
            self._not_sent(attempt_id, error, Outcome.NOT_SENT)
        except ActionRefused as error:
            # It was heard, and nothing was dialled; the next would fare no better at once.
            self._not_sent(attempt_id, error, Outcome.NETWORK)
        except AmiError as error:
            log.warning("attempt.unanswered", attempt=attempt_id, error=error.code)
            self._lost(attempt_id)
        else:
            self._book.was_told(attempt_id, answer.reason)

    def _not_sent(self, attempt_id: str, error: CtiError, outcome: Outcome) -> None:
        log.error("attempt.not_sent", attempt=attempt_id, error=error.code, why=error.message)
        self._book.end(attempt_id, Settlement(outcome=outcome, ended_at=self._clock()))

    def _lost(self, attempt_id: str) -> None:
        """The answer is lost: its events tell, or the ledger does."""
        self._book.was_told(attempt_id, None)
        attempt = self._book.get(attempt_id)
        if attempt is not None and attempt.state is AttemptState.SENDING:
            attempt.look_at = self._clock()


def agents_of(definition: CampaignDefinition) -> str | None:
    """The queue whose agents speak with people; None when a flow does."""
    return None if definition.kind is CampaignKind.IVR else definition.queue


def _variables(claim: Claim, definition: CampaignDefinition) -> dict[str, str]:
    variables = {
        "__CTI_ATTEMPT": claim.attempt_id,
        "CTI_LANGUAGE": "en" if (claim.language or "").startswith("en") else "zh",
        "CTI_AMD": definition.machine_detection,
    }
    queue = agents_of(definition)
    if queue is not None:
        variables["CTI_QUEUE"] = queue
    if definition.flow is not None:
        variables["CTI_FLOW"] = definition.flow
    return variables
