"""What callers went through in flows: runs, steps and answers.

A run is one caller's way through one version of a flow, on one leg. Steps, mistakes and answers share one
count within their run, so that they have one order whatever their instants say. Instants are as in
`cti.calls.model`.
"""

import msgspec

#: Outcomes that are not the flow's own words.
HUNG_UP = "hung_up"
HANDED_OVER = "handed_over"
FAILED = "failed"
SERVICE_LOST = "service_lost"


class FlowRun(msgspec.Struct, kw_only=True):
    """One caller's way through a flow.

    ``outcome`` is None while it goes on; then the flow's own word (`completed`, `renewed`), or `hung_up` (the
    caller, in the middle), `handed_over` (to a queue or a person, and he did not come back), `failed`
    (something of ours), `service_lost` (the service was gone; since when, nobody knows).
    """

    id: str
    call_id: str
    call_started_at: float
    leg_id: str
    flow: str
    #: `inbound`, `survey`, `outbound`.
    kind: str
    #: The first digits of the SHA-256 of the flow's text.
    version: str
    language: str | None = None
    #: Of the call when it began: whom a survey asks about. The queue also when it is handed over to one.
    agent_id: int | None = None
    queue: str | None = None
    started_at: float
    ended_at: float | None = None
    outcome: str | None = None
    #: The last step that it came to, as `flow/step`.
    last_step: str | None = None
    #: `queue`, `transfer`, `voicemail`, `callback`: where the dialplan has the caller now, or had him last.
    handed_to: str | None = None
    #: What it passed on last to whom the caller was joined with, as JSON (`cti.calls.passed_values`).
    passed: str | None = None
    #: What it goes on with when he comes back; None while he is not away.
    state: str | None = None
    #: Of the last step, mistake or answer.
    last_ordinal: int = 0
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None


class FlowStep(msgspec.Struct, frozen=True, kw_only=True):
    """A run came to a step, or (``mistake``) heard silence or keys that fit nothing there."""

    run_id: str
    ordinal: int
    at: float
    run_started_at: float
    call_id: str
    call_started_at: float
    #: The flow in which the step is: the run's own, or a sub-flow.
    flow: str
    step: str
    #: How the run came there: `start`, a key, `goto`, `otherwise`, …; None for a mistake.
    way: str | None = None
    mistake: bool = False
    #: What was keyed by mistake; empty for silence, None for no mistake.
    keys: str | None = None

    @property
    def id(self) -> str:
        """Names it among all others."""
        return f"{self.run_id}.{self.ordinal}"


class FlowAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A question was answered. ``value`` and ``keys`` of a secret one are `****`."""

    run_id: str
    ordinal: int
    at: float
    run_started_at: float
    call_id: str
    call_started_at: float
    flow: str
    #: The version of the run's flow.
    version: str
    step: str
    question: str
    #: How answers to it are counted; None for what is only recorded.
    kind: str | None = None
    value: str
    keys: str

    @property
    def id(self) -> str:
        """Names it among all others."""
        return f"{self.run_id}.{self.ordinal}"
