"""What the verbs of a step work with: variables, what is said, notes; and how a step can end."""

import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from cti.flows import expression
from cti.flows.actions import Action, Event, Failed, Note, Utterance, UtteranceKind, Value
from cti.flows.expression import clean, number_of, text_of
from cti.flows.model import Flow, Step
from cti.flows.question_words import Parts, Spoken
from cti.flows.state import MASK, Frame, Phase, State
from cti.flows.words import CURRENCIES, NAME_PATTERN

_NAME: Final = re.compile(NAME_PATTERN)
_DIGITS: Final = re.compile(r"[0-9*#+]{1,64}")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?", re.ASCII)
_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2}[T ])?\d{2}:\d{2}.*", re.ASCII)
_QUANTITIES: Final = frozenset({UtteranceKind.NUMBER, UtteranceKind.MONEY, UtteranceKind.DURATION})


class Go(msgspec.Struct, frozen=True, kw_only=True):
    """On to a step; of the flow ``depth`` frames above the first, the present one without it."""

    step: str
    way: str
    depth: int | None = None


class Into(msgspec.Struct, frozen=True, kw_only=True):
    """Into a sub-flow."""

    flow: str
    variables: dict[str, Value]
    secrets: set[str]


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """Out of a flow; out of the first one the run ends."""

    result: Value
    secret: bool
    outcome: str
    says: tuple[Utterance, ...]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Something of ours failed, or there is no way on."""

    reason: str
    #: Whether the flow's way of errors is taken; or the dialplan takes the call at once.
    ours: bool = True


#: Of a step, as `flow/step`: the way that is taken whatever the data say; None to go by the data.
Steer = Callable[[str], str | None]
Outcome = Action | Go | Into | Back | Trouble


class Turn:
    """The present step of a run, as its verb sees it."""

    def __init__(self, flows: Mapping[str, Flow], state: State, steer: Steer | None = None) -> None:
        self.flows = flows
        self.state = state
        self.steer = steer
        self.notes: list[Note] = []

    @property
    def frame(self) -> Frame:
        """That of the flow which is gone through."""
        return self.state.frames[-1]

    @property
    def flow(self) -> Flow:
        """The flow which is gone through."""
        return self.flows[self.frame.flow]

    @property
    def step(self) -> Step:
        """The present step."""
        return self.flow.steps[self.frame.step]

    @property
    def place(self) -> str:
        """As actions name it."""
        return f"{self.frame.flow}/{self.frame.step}"

    def outwards(self) -> Iterator[tuple[int, Flow]]:
        """The flows of the stack with their depth, the present one first."""
        for depth in range(len(self.state.frames) - 1, -1, -1):
            yield depth, self.flows[self.state.frames[depth].flow]

    def way_out(self, target: Callable[[Flow], str | None], way: str) -> Go | None:
        """To the step that the nearest flow names for it."""
        for depth, flow in self.outwards():
            step = target(flow)
            if step is not None:
                return Go(step=step, way=way, depth=depth)
        return None

    # --- variables ---

    def value(self, text: str | None, **more: Value) -> Value:
        """An expression's; None for none."""
        if text is None:
            return None
        return expression.parse(text).evaluate(ChainMap(more, self.frame.variables, self.state.call))

    def text(self, text: str | None) -> str:
        """An expression's, as text; empty for None."""
        return text_of(self.value(text))

    def secret(self, text: str | None) -> bool:
        """Whether the expression's value must not be written down."""
        return text is not None and not self.frame.secrets.isdisjoint(expression.parse(text).variables)

    def assign(self, name: str, value: Value, *, secret: bool = False) -> None:
        """Set a variable."""
        self.frame.variables[name] = clean(value)
        (self.frame.secrets.add if secret else self.frame.secrets.discard)(name)

    def assign_all(self, values: Mapping[str, str]) -> None:
        """Set variables to expressions, one after the other."""
        for name, text in values.items():
            self.assign(name, self.value(text), secret=self.secret(text))

    def learn(self, into: str, values: Mapping[str, Value]) -> None:
        """Set `into.…` to what was found; nothing that was there before stays."""
        for name in [name for name in self.frame.variables if name.startswith(f"{into}.")]:
            del self.frame.variables[name]
        for name, value in values.items():
            self.assign(f"{into}.{clean(name)}", value)

    def open_values(self, values: Mapping[str, str]) -> dict[str, Value]:
        """Expressions' values as they may be written down."""
        return {name: MASK if self.secret(text) else self.value(text) for name, text in values.items()}

    # --- what is said ---

    def says(
        self, parts: Parts, depth: int | None = None, **more: tuple[Value, bool]
    ) -> tuple[Utterance, ...]:
        """What the caller hears. ``more`` are further variables, and whether each is secret."""
        frame = self.frame if depth is None else self.state.frames[depth]
        variables = ChainMap({k: v for k, (v, _) in more.items()}, frame.variables, self.state.call)
        secrets = frame.secrets | {name for name, (_, secret) in more.items() if secret}
        said = (_utterance(part, variables, secrets) for part in parts)
        return tuple(utterance for utterance in said if utterance is not None)

    # --- the step's own course ---

    def note(self, note: Note) -> None:
        """Have it written down before the next action is carried out."""
        self.notes.append(note)

    def wait(self, phase: Phase, pending: str = "") -> None:
        """What the step waits for now."""
        self.state.phase = phase
        self.state.pending = pending


def unexpected(event: Event) -> Trouble:
    """An action failed, or ended as none of its kind does."""
    return Trouble(reason=event.reason if isinstance(event, Failed) else f"unexpected.{type(event).__name__}")


def prompt(name: str, language: str = "") -> Utterance:
    """A prompt by its name."""
    return Utterance(kind=UtteranceKind.PROMPT, value=name, language=language)


def spoken_kind(part: Spoken) -> tuple[UtteranceKind, str] | None:
    """The one kind that it has, and its expression."""
    for kind in UtteranceKind:
        text: str | None = getattr(part, kind.value)
        if text is not None:
            return kind, text
    return None


def _utterance(part: str | Spoken, variables: Mapping[str, Value], secrets: set[str]) -> Utterance | None:
    if isinstance(part, str):
        return prompt(part)
    found = spoken_kind(part)
    if found is not None:
        kind, text = found
        read = expression.parse(text)
        value = read.evaluate(variables)
        currency = _currency(part, variables, secrets) if kind is UtteranceKind.MONEY else ""
        if secrets.isdisjoint(read.variables) and currency is not None and _can_be_said(kind, value):
            number = number_of(value) if kind in _QUANTITIES else None
            said = text_of(value if number is None else number)
            return Utterance(
                kind=kind,
                value=said,
                currency=currency,
                otherwise=part.otherwise or "",
                language=part.language or "",
            )
    return None if part.otherwise is None else prompt(part.otherwise, part.language or "")


def _currency(part: Spoken, variables: Mapping[str, Value], secrets: set[str]) -> str | None:
    """In which an amount is said; None when nobody can tell, or there are no words for it."""
    if part.currency_of is None:
        return part.currency
    read = expression.parse(part.currency_of)
    named = text_of(read.evaluate(variables)).strip().upper()
    return named if named in CURRENCIES and secrets.isdisjoint(read.variables) else None


def _can_be_said(kind: UtteranceKind, value: Value) -> bool:
    text = text_of(value)
    if kind in _QUANTITIES:
        return number_of(value) is not None
    if kind is UtteranceKind.DIGITS:
        return _DIGITS.fullmatch(text) is not None
    if kind is UtteranceKind.DATE:
        return _DATE.fullmatch(text) is not None
    if kind is UtteranceKind.TIME:
        return _TIME.fullmatch(text) is not None
    if kind is UtteranceKind.PROMPT:
        return _NAME.fullmatch(text) is not None
    return text.strip() != ""
