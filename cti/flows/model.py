"""A flow as its file says it, word for word. What each word means to a caller is `cti.flows.run`'s business.

A flow is a set of named steps, each with exactly one verb. Verbs have VoiceXML's names where it has one
(prompt, menu, choice, field, noinput, nomatch, goto, record, transfer, subdialog, exit; W3C VoiceXML 2.1). A
`goto` names a step. Texts marked *expression* are read by `cti.flows.expression`.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from cti.flows.deed_words import (
    Assign,
    Branch,
    Callback,
    Exit,
    Language,
    LookUp,
    Queue,
    Refuse,
    Send,
    Subdialog,
    Switch,
    Task,
    Transfer,
    Voicemail,
)
from cti.flows.question_words import Field, Handler, Menu, Record, Say, Spoken
from cti.flows.words import FlowName, StepName, Target, Texts, Variable, Word

#: What a call itself knows, in every flow and sub-flow: `call.number` (the caller's, or of whom is called),
#: `call.dialled`, `call.language`, `call.queue` (the last one he waited in), `call.agent`, `call.campaign`.
CALL_VARIABLES: Final = ("number", "dialled", "language", "queue", "agent", "campaign")
#: Prompts that the language itself plays: "1 if that is right, 2 to enter it again".
CONFIRM_PROMPT: Final = "flow/confirm"
#: "1 to keep it, 2 to record it again, 3 to drop it".
REVIEW_PROMPT: Final = "flow/review"


class Step(Word, frozen=True, kw_only=True):
    """One step: exactly one verb."""

    prompt: Say | None = None
    menu: Menu | None = None
    field: Field | None = None
    record: Record | None = None
    lookup: LookUp | None = None
    assign: Assign | None = None
    branch: Branch | None = None
    language: Language | None = None
    queue: Queue | None = None
    callback: Callback | None = None
    voicemail: Voicemail | None = None
    transfer: Transfer | None = None
    send: Send | None = None
    task: Task | None = None
    refuse: Refuse | None = None
    switch: Switch | None = None
    subdialog: Subdialog | None = None
    exit: Exit | None = None


#: Of these words of a part exactly one is needed, or (False) not more than one is allowed.
ALTERNATIVES: Final[dict[type[msgspec.Struct], tuple[tuple[str, ...], bool]]] = {
    Step: (Step.__struct_fields__, True),
    Spoken: (("digits", "number", "money", "date", "time", "duration", "name", "prompt"), True),
    Language: (("to", "of"), True),
    Queue: (("name", "of"), True),
    Voicemail: (("queue", "of"), False),
    #: One of them, or ``agent``, is needed: `cti.flows.lint_words` looks.
    Transfer: (("extension", "number"), False),
}


class FlowKind(StrEnum):
    """Where a flow is used."""

    INBOUND = "inbound"
    #: After the agent has hung up; its question `rating` is the survey's.
    SURVEY = "survey"
    OUTBOUND = "outbound"
    SUBDIALOG = "subdialog"


class Limits(Word, frozen=True, kw_only=True):
    """What one call may take; beyond it goes where an error goes."""

    steps: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 300
    seconds: Annotated[float, msgspec.Meta(gt=0, le=7200)] = 900.0


class Flow(Word, frozen=True, kw_only=True):
    """One file of `ivr_flows/`."""

    #: As the file is named, without its ending.
    flow: FlowName
    kind: FlowKind
    #: By language.
    title: Texts
    start: Target
    steps: dict[StepName, Step]
    #: Variables that must be known when it starts, with what they are in a try without a phone.
    inputs: dict[Variable, str | int | float | bool | None] = {}
    limits: Limits = Limits()
    #: For steps that have no handler of their own.
    noinput: Handler | None = None
    nomatch: Handler | None = None
    #: Something of ours failed. Without it the dialplan takes the call.
    error: Target | None = None
    #: A step without sound that is gone through after the caller hung up, and what follows it as long as that
    #: is without sound too: assign, branch, lookup, send, task, refuse. An exit there gives its outcome.
    hangup: Target | None = None
