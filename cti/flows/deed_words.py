"""The words of a flow file that do not talk: data, ways, where the call goes, what is had done. Pure."""

from enum import StrEnum

from cti.flows.question_words import Parts
from cti.flows.sources import LookUpSource
from cti.flows.words import (
    AskedQuestion,
    EndpointName,
    Expression,
    Into,
    Key,
    LanguageName,
    OneKey,
    Priority,
    QueueName,
    RecordingSeconds,
    RingSeconds,
    Seconds,
    SubFlow,
    Target,
    Texts,
    Variable,
    WaitSeconds,
    Word,
)


class LookUp(Word, frozen=True, kw_only=True):
    """Data for the steps that follow: `customer` into `customer.name`.

    What is not there is what ``default`` says, and the flow goes on at ``otherwise`` when there is one; so it
    does, without ``failed``, when nobody can tell. ``into`` with `.found` tells whether it was found:
    `customer.found`.
    """

    source: LookUpSource
    into: Into
    goto: Target
    #: Argument to *expression*.
    arguments: dict[Key, Expression] = {}
    timeout_seconds: Seconds = 1.0
    default: dict[Key, str | int | float | bool | None] = {}
    #: Where it goes on when nothing was found.
    otherwise: Target | None = None
    #: Where it goes on when nobody can tell: it was not there in time, or what knows it is away.
    failed: Target | None = None


class Shown(Word, frozen=True, kw_only=True):
    """A value under a title of its own."""

    value: Expression
    title: Texts = {}


class Assign(Word, frozen=True, kw_only=True):
    """Variables, each to an *expression*."""

    values: dict[Variable, Expression]
    goto: Target


class Case(Word, frozen=True, kw_only=True):
    """One way out of a branch."""

    when: Expression
    goto: Target


class Branch(Word, frozen=True, kw_only=True):
    """The first case whose *expression* is true, or ``otherwise``."""

    cases: list[Case]
    otherwise: Target


class Language(Word, frozen=True, kw_only=True):
    """From here on in another language: `zh-CN`, `en`, or an *expression* in ``of``."""

    goto: Target
    to: LanguageName | None = None
    of: Expression | None = None


class Queue(Word, frozen=True, kw_only=True):
    """The caller waits for an agent. The place and the expected wait are told as the queue has it set."""

    #: Its name, or an *expression* in ``of``.
    name: QueueName | None = None
    of: Expression | None = None
    longest_seconds: WaitSeconds | None = None
    #: Higher is sooner.
    priority: Priority = 0
    #: A key pressed while waiting leaves the queue for a step.
    keys: dict[OneKey, Target] = {}
    #: After the agent has hung up, when the caller is still there.
    goto: Target
    #: Waited too long, nobody signed in, or full.
    otherwise: Target


class Callback(Word, frozen=True, kw_only=True):
    """The caller hangs up and keeps his place in ``queue``; when it is his turn he is called."""

    goto: Target
    #: The queue that he left, without it.
    queue: QueueName | None = None
    #: *Expression*; the caller's own number without it.
    number: Expression | None = None
    #: No number, or one that must not be called.
    otherwise: Target


class Voicemail(Word, frozen=True, kw_only=True):
    """A message for a queue, which its agents find among their tasks."""

    queue: QueueName | None = None
    #: *Expression*.
    of: Expression | None = None
    prompt: Parts
    goto: Target
    silence_seconds: Seconds = 4.0
    longest_seconds: RecordingSeconds = 180.0
    #: As a task's.
    into: Into = "task"


class Transfer(Word, frozen=True, kw_only=True):
    """The caller is joined with somebody: ``agent`` (an id), ``extension``, ``number``, each an *expression*.

    An agent is rung at the phone at which he is signed in; at no phone, he is rung at the ``extension`` or
    ``number`` that is given beside him. His page shows the call either way.

    What ``values`` names is shown to whom he is joined with: an answer under its question's title and with
    its choice's label, anything else under its title or its name.
    """

    agent: Expression | None = None
    extension: Expression | None = None
    number: Expression | None = None
    ring_seconds: RingSeconds = 30
    values: dict[Key, Expression | Shown] = {}
    #: After the two have talked, when the caller is still there.
    goto: Target
    #: Busy, no answer, or nowhere.
    otherwise: Target


class Send(Word, frozen=True, kw_only=True):
    """A message to an endpoint of the settings; delivered also when the endpoint is away just now."""

    to: EndpointName
    values: dict[Key, Expression] = {}
    goto: Target


class TaskKind(StrEnum):
    """What somebody is asked to do."""

    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    TIP = "tip"
    COMPLAINT = "complaint"
    FOLLOW_UP = "follow_up"


class Task(Word, frozen=True, kw_only=True):
    """Somebody has to do something: an agent of ``queue`` (the last one he waited in without it), or with
    ``supervisor`` a supervisor.
    """

    kind: TaskKind
    queue: QueueName | None = None
    supervisor: bool = False
    #: What the task shows: name to *expression*.
    values: dict[Key, Expression] = {}
    #: The recording that belongs to it: the name of a question of this flow.
    recording: AskedQuestion | None = None
    #: Gets what can be said of it: `task.reference`, a number by which the caller can ask for it.
    into: Into = "task"
    goto: Target


class RefusalScope(StrEnum):
    """From what a number is kept."""

    CAMPAIGN = "campaign"
    ALL = "all"


class Refuse(Word, frozen=True, kw_only=True):
    """The caller wants never to be called again (``all``), or not by this campaign."""

    scope: RefusalScope = RefusalScope.ALL
    goto: Target


class Switch(Word, frozen=True, kw_only=True):
    """An announcement is switched on or off, as from a supervisor's page."""

    #: *Expression*: its name.
    announcement: Expression
    #: *Expression*.
    on: Expression
    goto: Target


class Subdialog(Word, frozen=True, kw_only=True):
    """Another flow, which comes back here when it exits; its ``result`` becomes the variable ``into``."""

    flow: SubFlow
    goto: Target
    values: dict[Variable, Expression] = {}
    into: Variable | None = None


class Exit(Word, frozen=True, kw_only=True):
    """The flow ends: a sub-flow with a ``result`` (*expression*), any other by hanging up.

    ``outcome`` is a word for the record: `completed`, `renewed`, `wrong_person`.
    """

    say: Parts = []
    result: Expression | None = None
    outcome: Key = "completed"
