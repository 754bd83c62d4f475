"""One caller's way through a flow. Pure: what to do next follows from the flow and from what was told, and
from nothing else.

`Run.begin` and `Run.take` answer with the next action; its notes are written down before it is carried out.
No event raises, whatever it is; and a run ends, whatever is told: each step has its tries, and a run a number
of steps. What cannot be gone on with goes to the flow's `error` step, once, and else to the dialplan.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from cti.flows import deeds, questions, recordings, state
from cti.flows.actions import Action, End, Entered, Event, Expired, GiveUp, HungUp, Value
from cti.flows.deed_words import Exit
from cti.flows.expression import ExpressionError, clean
from cti.flows.model import Flow, Step
from cti.flows.state import Frame, Phase, State, StateInvalidError
from cti.flows.turn import Back, Go, Into, Outcome, Steer, Trouble, Turn

HUNG_UP: Final = "hung_up"
FAILED: Final = "failed"
#: An exit that says nothing else; after a hang-up it means no more than that.
COMPLETED: Final = "completed"

#: Flows within flows.
_DEEPEST: Final = 8
#: For the way of errors and that of a hang-up, whatever was left.
_STEPS_OF_A_LAST_WAY: Final = 50

_Begin = Callable[[Turn, Any], Outcome]
_Take = Callable[[Turn, Any, Event], Outcome]


def _never_waits(_: Turn, __: Any, event: Event) -> Outcome:
    return Trouble(reason=f"unexpected.{type(event).__name__}")


_VERBS: Final[dict[str, tuple[_Begin, _Take]]] = {
    "prompt": (deeds.begin_prompt, deeds.take_prompt),
    "menu": (questions.begin_menu, questions.take_menu),
    "field": (questions.begin_field, questions.take_field),
    "record": (recordings.begin_record, recordings.take_record),
    "lookup": (deeds.begin_lookup, deeds.take_lookup),
    "assign": (deeds.begin_assign, _never_waits),
    "branch": (deeds.begin_branch, _never_waits),
    "language": (deeds.begin_language, deeds.take_done),
    "queue": (deeds.begin_queue, deeds.take_queue),
    "callback": (deeds.begin_callback, deeds.take_callback),
    "voicemail": (recordings.begin_voicemail, recordings.take_voicemail),
    "transfer": (deeds.begin_transfer, deeds.take_transfer),
    "send": (deeds.begin_send, deeds.take_done),
    "task": (deeds.begin_task, deeds.take_task),
    "refuse": (deeds.begin_refuse, deeds.take_done),
    "switch": (deeds.begin_switch, deeds.take_done),
    "subdialog": (deeds.begin_subdialog, _never_waits),
    "exit": (deeds.begin_exit, deeds.take_exit),
}
#: What is done for a caller who is gone.
SILENT_VERBS: Final = frozenset({"assign", "branch", "lookup", "send", "task", "refuse", "exit"})


def verb_of(step: Step) -> tuple[str, Any] | None:
    """The step's one verb: its name, and what the file says of it."""
    for name in _VERBS:
        word = getattr(step, name)
        if word is not None:
            return name, word
    return None


class Run:
    """A run of ``flow``, one of ``flows``. ``data`` is its inputs and the `call.` variables.

    A recorded call is gone through again with ``steer``, which chooses a branch's way, since what was looked
    up then is not known any more.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        flow: str,
        *,
        language: str = "zh-CN",
        data: Mapping[str, Value] | None = None,
        steer: Steer | None = None,
    ) -> None:
        variables = {name: clean(value) for name, value in (data or {}).items()}
        call = {name: value for name, value in variables.items() if name.startswith("call.")}
        own = {name: value for name, value in variables.items() if not name.startswith("call.")}
        self._flows = flows
        self._state = State(
            frames=[Frame(flow=flow, variables=own)],
            call={**call, "call.language": language},
            steps_left=flows[flow].limits.steps,
        )
        self._turn = Turn(flows, self._state, steer)

    @classmethod
    def load(cls, dumped: bytes, flows: Mapping[str, Flow]) -> "Run":
        """The run that `dump` wrote down, of the same version of the flows; raises `StateInvalidError`."""
        loaded = state.load(dumped)
        for frame in loaded.frames:
            if (
                len(loaded.frames) > _DEEPEST
                or frame.flow not in flows
                or (frame.step and frame.step not in flows[frame.flow].steps)
            ):
                raise StateInvalidError(f"there is no step {frame.flow}/{frame.step}")
        run = cls(flows, loaded.frames[0].flow)
        # Whoever kept it, it takes no longer than it would have taken.
        loaded.steps_left = min(loaded.steps_left, max(run._state.steps_left, _STEPS_OF_A_LAST_WAY))
        run._state = loaded
        run._turn = Turn(flows, loaded)
        return run

    def dump(self, *, secrets: bool = False) -> bytes:
        """Where the run is, as JSON on one line; without secrets, unless it is only tried."""
        if secrets:
            return state.dump(self._state, secrets=True)
        word = self._turn.step.field if self._turn.frame.step else None
        hidden = word is not None and word.secret
        return state.dump(msgspec.structs.replace(self._state, pending="") if hidden else self._state)

    @property
    def flow(self) -> Flow:
        """The flow that was begun with."""
        return self._flows[self._state.frames[0].flow]

    @property
    def step(self) -> Step | None:
        """The present step."""
        return self._turn.flow.steps.get(self._turn.frame.step)

    @property
    def place(self) -> str:
        """The present step, as `flow/step`."""
        return self._turn.place

    @property
    def language(self) -> str:
        """In which it speaks now."""
        return str(self._state.call["call.language"])

    @property
    def variables(self) -> dict[str, Value]:
        """Those of the present flow that may be shown."""
        frame = self._turn.frame
        return {name: value for name, value in frame.variables.items() if name not in frame.secrets}

    @property
    def call(self) -> dict[str, Value]:
        """What is known of the call: the `call.` variables."""
        return dict(self._state.call)

    @property
    def outcome(self) -> str:
        """How it ended: `completed` or the flow's own word, `hung_up`, `failed`; empty while it goes on."""
        return self._state.outcome

    def begin(self) -> Action:
        """The first action."""
        return self._go(Go(step=self.flow.start, way="start"))

    def take(self, event: Event) -> Action:
        """How the last action ended; answers with the next one. A run that is over stays over."""
        if self.outcome:
            return End(step=self.place, says=(), outcome=self.outcome)
        if isinstance(event, HungUp):
            return self._go(self._hang_up())
        if isinstance(event, Expired):
            return self._go(Trouble(reason="limit.seconds"))
        return self._go(self._take(event))

    # --- on from step to step ---

    def _go(self, outcome: Outcome) -> Action:
        while True:
            match outcome:
                case Go():
                    outcome = self._enter(outcome)
                case Into():
                    outcome = self._call(outcome)
                case Back():
                    outcome = self._leave(outcome)
                case Trouble():
                    outcome = self._trouble(outcome)
                case _:
                    return self._hand_out(outcome)

    def _hand_out(self, action: Action) -> Action:
        notes = tuple(self._turn.notes)
        self._turn.notes.clear()
        if isinstance(action, End):
            self._state.outcome = action.outcome
        elif isinstance(action, GiveUp):
            self._state.outcome = FAILED
        return msgspec.structs.replace(action, notes=notes)

    def _take(self, event: Event) -> Outcome:
        found = verb_of(self._turn.step) if self._turn.frame.step else None
        if found is None:
            return Trouble(reason="step.unknown")
        name, word = found
        try:
            return _VERBS[name][1](self._turn, word, event)
        except ExpressionError as error:
            return Trouble(reason=error.code)

    def _enter(self, go: Go) -> Outcome:
        now = self._state
        if go.depth is not None:
            del now.frames[go.depth + 1 :]
        step = self._turn.flow.steps.get(go.step)
        found = None if step is None else verb_of(step)
        if found is None:
            return Trouble(reason=f"step.unknown: {go.step}")
        if now.steps_left <= 0:
            return Trouble(reason="limit.steps")
        name, word = found
        if now.hung_up and not _is_silent(name, word):
            return self._end(HUNG_UP)
        now.steps_left -= 1
        now.phase, now.pending = Phase.FIRST, ""
        now.noinputs = now.nomatches = now.redos = 0
        self._turn.frame.step = go.step
        self._turn.note(Entered(flow=self._turn.frame.flow, step=go.step, way=go.way))
        try:
            return _VERBS[name][0](self._turn, word)
        except ExpressionError as error:
            return Trouble(reason=error.code)

    # --- sub-flows ---

    def _call(self, into: Into) -> Outcome:
        frames = self._state.frames
        flow = self._flows.get(into.flow)
        if flow is None:
            return Trouble(reason=f"flow.unknown: {into.flow}")
        if len(frames) >= _DEEPEST:
            return Trouble(reason="limit.depth")
        frames.append(Frame(flow=into.flow, variables=into.variables, secrets=into.secrets))
        return Go(step=flow.start, way="start")

    def _leave(self, back: Back) -> Outcome:
        frames = self._state.frames
        if self._state.hung_up:
            return self._end(HUNG_UP if back.outcome == COMPLETED else back.outcome)
        if len(frames) == 1:
            return End(step=self.place, says=back.says, outcome=back.outcome)
        frames.pop()
        word = self._turn.step.subdialog
        if word is None:
            return Trouble(reason="step.unknown")
        if word.into is not None:
            self._turn.assign(word.into, back.result, secret=back.secret)
        return Go(step=word.goto, way="returned")

    # --- what nobody wished for ---

    def _hang_up(self) -> Outcome:
        way = None if self._state.hung_up else self._turn.way_out(lambda flow: flow.hangup, "hangup")
        self._state.hung_up = True
        self._state.steps_left = _STEPS_OF_A_LAST_WAY
        return way or self._end(HUNG_UP)

    def _trouble(self, trouble: Trouble) -> Outcome:
        now = self._state
        if now.hung_up:
            return self._end(HUNG_UP)
        way = self._turn.way_out(lambda flow: flow.error, "error")
        if way is None or now.troubled or not trouble.ours:
            return GiveUp(step=self.place, reason=trouble.reason)
        now.troubled = True
        now.steps_left = _STEPS_OF_A_LAST_WAY
        return way

    def _end(self, outcome: str) -> End:
        return End(step=self.place, says=(), outcome=outcome)


def _is_silent(verb: str, word: Any) -> bool:
    return verb in SILENT_VERBS and not (isinstance(word, Exit) and word.say)
