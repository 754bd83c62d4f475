"""Where a run is: all that it knows, in a form that can be written down and read back."""

from enum import StrEnum
from typing import Final

import msgspec

from cti.flows.actions import Value

#: Of the text that `dump` makes.
FORMAT: Final = 1
#: What stands for a secret where something is written down.
MASK: Final = "****"


class Phase(StrEnum):
    """What the step is waiting for, where it has more than one thing to wait for."""

    FIRST = "first"
    CONFIRM = "confirm"
    REVIEW = "review"
    DROP_AND_REDO = "drop_and_redo"
    DROP = "drop"
    TASK = "task"


class Frame(msgspec.Struct, kw_only=True):
    """One flow of the stack: the one that was called last is the last."""

    flow: str
    step: str = ""
    variables: dict[str, Value] = {}
    #: Names of variables that are written down nowhere.
    secrets: set[str] = set()


class State(msgspec.Struct, kw_only=True):
    """Everything about a run but the flows themselves."""

    frames: list[Frame]
    #: The `call.` variables.
    call: dict[str, Value]
    steps_left: int
    phase: Phase = Phase.FIRST
    #: Since the step began.
    noinputs: int = 0
    nomatches: int = 0
    redos: int = 0
    #: Keys that wait to be confirmed, the recording that is reviewed.
    pending: str = ""
    #: The way of errors is gone once.
    troubled: bool = False
    hung_up: bool = False
    #: How it ended; empty while it goes on.
    outcome: str = ""
    format: int = FORMAT


class StateInvalidError(Exception):
    """It is no state of a run of these flows."""


def dump(state: State, *, secrets: bool = False) -> bytes:
    """As JSON on one line; without secrets unless they are asked for."""
    if secrets:
        return msgspec.json.encode(state, order="sorted")
    frames = [
        msgspec.structs.replace(
            frame, variables={k: v for k, v in frame.variables.items() if k not in frame.secrets}
        )
        for frame in state.frames
    ]
    return msgspec.json.encode(msgspec.structs.replace(state, frames=frames), order="sorted")


def load(dumped: bytes) -> State:
    """The state again; raises `StateInvalidError`."""
    try:
        state = msgspec.json.decode(dumped, type=State)
    except msgspec.DecodeError as error:
        raise StateInvalidError(str(error)) from None
    if state.format != FORMAT or not state.frames:
        raise StateInvalidError(f"format {state.format}, {len(state.frames)} frames")
    return state
