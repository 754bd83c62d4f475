"""A flow tried without a telephone: what is said as text, what is keyed, and the record that results. Pure.

What the caller and others do is given in words: see `cti.flows.caller_words`.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from cti.flows import actions
from cti.flows.actions import Action, Answered, Ask, End, Entered, Event, GiveUp, Mistaken, OpenTask, Value
from cti.flows.caller_words import ANYWHERE, event_of, expected, needs_the_caller, waits
from cti.flows.expression import clean
from cti.flows.model import Flow
from cti.flows.run import Run
from cti.flows.sayings import Texts, text_of_all
from cti.flows.state import StateInvalidError

#: What a call has that is only tried.
TRIAL: Final[Mapping[str, Value]] = {"call.number": "13800138000", "call.dialled": "4001"}
_FIRST_REFERENCE: Final = 1001
_LONGEST_STATE: Final = 200_000


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was come to, and how."""

    flow: str
    step: str
    way: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded for a question."""

    flow: str
    step: str
    question: str
    value: str
    keys: str


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked of others: `Find`, `OpenTask`, `SendMessage`, `WaitInQueue`, …"""

    action: str
    step: str
    details: dict[str, Value]


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One action: which steps led there, what was said, and how it went on: a word, empty when it went
    on by itself or still waits.
    """

    step: str
    action: str
    ways: list[Way]
    answers: list[Answer]
    #: Keys that fitted nothing, empty for silence; they belong to the exchange before.
    mistakes: list[str]
    says: list[str]
    told: str
    deed: Deed | None


class Dialogue(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. ``expected`` are the words that fit now; none when it is over.

    ``state`` is what `act` goes on from, for who keeps nothing himself.
    """

    exchanges: list[Exchange]
    language: str
    outcome: str
    expected: list[str]
    state: str = ""

    @property
    def answers(self) -> dict[str, str]:
        """By question, the last one, as the record has it."""
        return {answer.question: answer.value for one in self.exchanges for answer in one.answers}

    @property
    def deeds(self) -> list[Deed]:
        """Tasks, messages and all else that was asked of others."""
        return [one.deed for one in self.exchanges if one.deed is not None]

    @property
    def ways(self) -> list[Way]:
        """The path through the flow."""
        return [way for one in self.exchanges for way in one.ways]


class _Held(msgspec.Struct, kw_only=True):
    """All that a simulation is between two words."""

    run: msgspec.Raw
    action: actions.AnyAction
    data: dict[str, Value]
    references: int = 0


def simulate(
    flows: Mapping[str, Flow],
    flow: str,
    words: str,
    *,
    texts: Texts,
    language: str = "zh-CN",
    data: Mapping[str, Value] | None = None,
) -> Dialogue:
    """Try a flow with all words at once, separated by blanks; raises `UnfitWordError`."""
    simulation = _Simulation.begun(flows, flow, language, data or {}, texts)
    exchanges = simulation.go_on(iter(words.split()))
    return simulation.dialogue(exchanges)


def start(
    flows: Mapping[str, Flow],
    flow: str,
    *,
    texts: Texts,
    language: str = "zh-CN",
    data: Mapping[str, Value] | None = None,
) -> Dialogue:
    """Try a flow up to where somebody has to do something."""
    simulation = _Simulation.begun(flows, flow, language, data or {}, texts)
    return simulation.dialogue(simulation.go_on(iter(())))


def act(flows: Mapping[str, Flow], state: str, word: str, *, texts: Texts) -> Dialogue:
    """Go on from a dialogue's ``state`` with one word: the exchange that waited, and what is new since then.

    Raises `UnfitWordError`, and `StateInvalidError` for a state of other flows or of nobody.
    """
    simulation = _Simulation.held(flows, state, texts)
    return simulation.dialogue(simulation.go_on(iter((word,))))


class _Simulation:
    def __init__(self, run: Run, action: Action, data: dict[str, Value], texts: Texts) -> None:
        self._run = run
        self._action = action
        self._data = data
        self._texts = texts
        self._references = 0
        self._language = run.language

    @classmethod
    def begun(
        cls, flows: Mapping[str, Flow], flow: str, language: str, data: Mapping[str, Value], texts: Texts
    ) -> "_Simulation":
        known = {**TRIAL, **flows[flow].inputs, **{name: clean(value) for name, value in data.items()}}
        run = Run(flows, flow, language=language, data=known)
        return cls(run, run.begin(), known, texts)

    @classmethod
    def held(cls, flows: Mapping[str, Flow], state: str, texts: Texts) -> "_Simulation":
        if len(state) > _LONGEST_STATE:
            raise StateInvalidError("too long")
        try:
            held = msgspec.json.decode(base64.urlsafe_b64decode(state), type=_Held)
        except (binascii.Error, ValueError, msgspec.DecodeError) as error:
            raise StateInvalidError(str(error)) from None
        simulation = cls(Run.load(bytes(held.run), flows), held.action, held.data, texts)
        simulation._references = held.references
        return simulation

    def dialogue(self, exchanges: list[Exchange]) -> Dialogue:
        over = bool(self._run.outcome)
        return Dialogue(
            exchanges=exchanges,
            language=self._run.language,
            outcome=self._run.outcome,
            expected=[] if over else list(expected(self._action)),
            state="" if over else self._state(),
        )

    def _state(self) -> str:
        # Notes were told already.
        action = msgspec.structs.replace(self._action, notes=())
        held = _Held(
            run=msgspec.Raw(self._run.dump(secrets=True)),
            action=action,  # type: ignore[arg-type]
            data=self._data,
            references=self._references,
        )
        return base64.urlsafe_b64encode(msgspec.json.encode(held)).decode()

    def go_on(self, words: Iterator[str]) -> list[Exchange]:
        """As far as the words lead; what needs none goes on by itself."""
        exchanges: list[Exchange] = []
        word = next(words, None)
        while True:
            used, event = self._event(word)
            exchanges.append(self._exchange(word if used and word is not None else ""))
            if event is None:
                return exchanges
            self._action = self._run.take(event)
            if used:
                word = next(words, None)

    def _event(self, word: str | None) -> tuple[bool, Event | None]:
        """How the action ends, and whether the word said so; no event when it waits for one."""
        action = self._action
        if isinstance(action, End | GiveUp):
            return False, None
        if word in ANYWHERE and (word != "hangup" or needs_the_caller(action)):
            return True, ANYWHERE[word]
        match action:
            case actions.Find():
                if word == "notfound":
                    return True, actions.NotFound()
                return False, self._found()
            case OpenTask():
                reference = str(_FIRST_REFERENCE + self._references)
                self._references += 1
                return False, actions.Found(values={"reference": reference})
        if not waits(action):
            return False, actions.Done()
        if word is None:
            return False, None
        return True, event_of(action, word)

    def _found(self) -> Event:
        into = f"{self._into()}."
        values = {
            name.removeprefix(into): value for name, value in self._data.items() if name.startswith(into)
        }
        if values.get("failed") is True:
            return actions.Failed(reason="tried")
        return actions.Found(values=values) if values else actions.NotFound()

    def _into(self) -> str:
        step = self._run.step
        return "" if step is None or step.lookup is None else step.lookup.into

    def _exchange(self, told: str) -> Exchange:
        action = self._action
        ways, answers, mistakes = [], [], []
        for note in action.notes:
            match note:
                case Entered():
                    ways.append(Way(flow=note.flow, step=note.step, way=note.way))
                case Answered():
                    answers.append(
                        Answer(
                            flow=note.flow,
                            step=note.step,
                            question=note.question,
                            value=note.value,
                            keys=note.keys,
                        )
                    )
                case Mistaken():
                    mistakes.append(note.keys)
        says = getattr(action, "says", ())
        self._action = msgspec.structs.replace(action, notes=())
        return Exchange(
            step=action.step,
            action=type(action).__name__,
            ways=ways,
            answers=answers,
            mistakes=mistakes,
            says=text_of_all(says, self._language_of(action), self._texts),
            told="****" if told and getattr(action, "secret", False) else told,
            deed=_deed(action),
        )

    def _language_of(self, action: Action) -> str:
        return action.language if isinstance(action, actions.SpeakLanguage) else self._run.language


_OF_THE_CALL: Final = (
    Ask,
    actions.Play,
    actions.TakeRecording,
    actions.PlayRecording,
    actions.SpeakLanguage,
    End,
)


def _deed(action: Action) -> Deed | None:
    if isinstance(action, _OF_THE_CALL):
        return None
    fields = {
        name: getattr(action, name) for name in action.__struct_fields__ if name not in ("step", "notes")
    }
    if isinstance(action, actions.Connect):
        fields["values"] = {one.name: one.value for one in action.values}
    details = {name: clean(value) for name, value in fields.items() if not isinstance(value, dict)}
    for given in (value for value in fields.values() if isinstance(value, dict)):
        details |= {f"values.{name}" if name in details else name: value for name, value in given.items()}
    return Deed(action=type(action).__name__, step=action.step, details=details)
