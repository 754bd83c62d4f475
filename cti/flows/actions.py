"""What a run of a flow asks for, and what it is told: between `cti.flows.run` and whoever plays the caller's
telephone (`cti.ivr` over FastAGI, the simulator, a replayed trace).

A run asks for one action at a time and goes on when it is told how that ended. Before an action is carried
out, its notes are written down, so that an answer is safe before anything else is heard.
"""

from enum import StrEnum

import msgspec

from cti.flows.deed_words import RefusalScope, TaskKind
from cti.flows.question_words import QuestionKind
from cti.flows.sources import LookUpSource

Value = str | int | float | bool | None


class UtteranceKind(StrEnum):
    """How something is said."""

    PROMPT = "prompt"
    DIGITS = "digits"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    NAME = "name"


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the caller hears; `cti.prompts.speech` makes sounds of it in his language.

    ``value`` is a prompt's name, digits, a decimal number as text, an ISO date, time or instant, or a name.
    An ``otherwise`` is the prompt that is played when it cannot be said.
    """

    kind: UtteranceKind
    value: str
    currency: str = ""
    otherwise: str = ""
    #: Said in this language; empty: in the call's.
    language: str = ""


# --- notes ---


class Note(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What is written into the journal."""


class Entered(Note, frozen=True, kw_only=True):
    """The run comes to a step, by a way that has a name: `start`, a key, `noinput`, `nomatch`, `goto`,
    `case 2`, `otherwise`, `failed`, `error`, `hangup`, `returned` (from a sub-flow). ``flow`` is the sub-flow
    in which the step is.
    """

    flow: str
    step: str
    way: str


class Answered(Note, frozen=True, kw_only=True):
    """A question was answered, or, later in the run, answered anew; the last one counts.

    ``keys`` is what was keyed; both are `****` for a secret. The value of a recording is its id, with
    ``kind`` None; it is empty once the caller dropped it. ``title`` and ``label`` are what
    question and answer are called, by language; empty: as they are.
    """

    flow: str
    step: str
    question: str
    kind: QuestionKind | None
    value: str
    keys: str
    title: dict[str, str] = {}
    label: dict[str, str] = {}


class Mistaken(Note, frozen=True, kw_only=True):
    """Silence or keys that fit nothing; the question is asked again or given up."""

    flow: str
    step: str
    keys: str


# --- actions ---


class Action(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One thing to do. ``step`` is the step that asks, as `flow/step`."""

    step: str
    notes: tuple[Note, ...] = ()


class Play(Action, frozen=True, kw_only=True):
    """Say something. Told `Done`."""

    says: tuple[Utterance, ...]
    bargein: bool


class Ask(Action, frozen=True, kw_only=True):
    """Say something and read keys. Told `Keyed` or `Silent`.

    ``most_keys`` keys, or the ``terminator`` (a key or empty), or ``next_key_seconds`` without another key
    end the input; ``first_key_seconds`` count from the end of what is said.
    """

    says: tuple[Utterance, ...]
    bargein: bool
    most_keys: int
    terminator: str
    first_key_seconds: float
    next_key_seconds: float
    #: Keys belong to no log and no journal.
    secret: bool = False


class TakeRecording(Action, frozen=True, kw_only=True):
    """Say something, then record. Told `Recorded` or `Silent` (less than ``shortest_seconds``).

    Who hangs up while he speaks has recorded what he said: told `Recorded` all the same, and then `HungUp` in
    place of how the next action that can be heard ended.
    """

    says: tuple[Utterance, ...]
    question: str
    beep: bool
    silence_seconds: float
    shortest_seconds: float
    longest_seconds: float


class PlayRecording(Action, frozen=True, kw_only=True):
    """Let the caller hear a recording and read one key. Told `Keyed` or `Silent`."""

    recording: str
    says: tuple[Utterance, ...]
    first_key_seconds: float


class DropRecording(Action, frozen=True, kw_only=True):
    """The caller does not want it kept. Told `Done`."""

    recording: str


class Find(Action, frozen=True, kw_only=True):
    """Look something up. Told `Found`, `NotFound`, or `Failed` when nobody can tell."""

    source: LookUpSource
    arguments: dict[str, Value]
    timeout_seconds: float


class SpeakLanguage(Action, frozen=True, kw_only=True):
    """From now on in this language (`zh-CN`, `en`). Told `Done`."""

    language: str


class SendMessage(Action, frozen=True, kw_only=True):
    """Send values to an endpoint. Told `Done` once it is sure to be sent, not once it is."""

    to: str
    values: dict[str, Value]


class OpenTask(Action, frozen=True, kw_only=True):
    """Somebody has to do something. Told `Found` with its `reference` once it is sure not to be forgotten."""

    kind: TaskKind
    queue: str
    supervisor: bool
    values: dict[str, Value]
    #: The recording that belongs to it; empty without one.
    recording: str = ""


class RefuseCalls(Action, frozen=True, kw_only=True):
    """The caller is not called again. Told `Done` once that is sure."""

    scope: RefusalScope


class SwitchAnnouncement(Action, frozen=True, kw_only=True):
    """Told `Done`, or `Failed`."""

    announcement: str
    on: bool


class WaitInQueue(Action, frozen=True, kw_only=True):
    """The dialplan takes the call into a queue.

    Told `Returned`: `answered`, `timeout`, `full`, `empty`, `key`.
    """

    queue: str
    longest_seconds: int | None
    priority: int
    keys: str


class OfferCallback(Action, frozen=True, kw_only=True):
    """A call back takes the caller's place in the queue. Told `Returned`: `accepted`, `refused`."""

    queue: str
    number: str


class PassedValue(msgspec.Struct, frozen=True, kw_only=True):
    """Something that whoever is joined with the caller is shown.

    ``title`` and ``label`` are what the name and the value are called, by language; empty: as they are.
    """

    name: str
    value: str | int | float | bool
    title: dict[str, str] = {}
    label: dict[str, str] = {}


class Connect(Action, frozen=True, kw_only=True):
    """The dialplan joins the caller with somebody, who is shown ``values``.

    Told `Returned`: `answered`, `busy`, `no_answer`, `nowhere`.

    One of ``agent`` (an id), ``extension`` and ``number`` is not empty. Beside an agent, one of the others is
    where he is rung when he is signed in at no phone.
    """

    agent: str
    extension: str
    number: str
    ring_seconds: int
    values: tuple[PassedValue, ...] = ()


class End(Action, frozen=True, kw_only=True):
    """The run is over: say something, then hang up. Told nothing."""

    says: tuple[Utterance, ...]
    outcome: str


class GiveUp(Action, frozen=True, kw_only=True):
    """The flow has no way on: the dialplan takes the call. Told nothing."""

    reason: str


#: All that a run asks for.
AnyAction = (
    Play
    | Ask
    | TakeRecording
    | PlayRecording
    | DropRecording
    | Find
    | SpeakLanguage
    | SendMessage
    | OpenTask
    | RefuseCalls
    | SwitchAnnouncement
    | WaitInQueue
    | OfferCallback
    | Connect
    | End
    | GiveUp
)

# --- what a run is told ---


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How an action ended."""


class Done(Event, frozen=True, kw_only=True):
    """It was done."""


class Keyed(Event, frozen=True, kw_only=True):
    """Keys, without the terminator; ``terminated`` when it was pressed."""

    keys: str
    terminated: bool = False


class Silent(Event, frozen=True, kw_only=True):
    """No key, no voice in time."""


class Recorded(Event, frozen=True, kw_only=True):
    """A recording: its id (never a path) and length."""

    recording: str
    seconds: float


class Found(Event, frozen=True, kw_only=True):
    """What was looked up."""

    values: dict[str, Value]


class NotFound(Event, frozen=True, kw_only=True):
    """There is none."""


class Returned(Event, frozen=True, kw_only=True):
    """The dialplan gave the call back. ``key`` is what was pressed while waiting."""

    result: str
    key: str = ""


class HungUp(Event, frozen=True, kw_only=True):
    """The caller is gone: told in place of how an action ended that needs him. One that does not need him
    (look-up, message, task, refusal, switch) is told how it ended.
    """


class Expired(Event, frozen=True, kw_only=True):
    """The run has taken the seconds of its limits: told once, instead of talking with the caller."""


class Failed(Event, frozen=True, kw_only=True):
    """It could not be done for a reason of ours."""

    reason: str
