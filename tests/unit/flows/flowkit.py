"""Flows built in a few lines, and runs of them that are driven to an end."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cti.flows import actions
from cti.flows.actions import Action, Answered, Ask, End, Entered, Event, GiveUp, Keyed, Note, Silent
from cti.flows.model import Flow
from cti.flows.run import Run

DONE = actions.Done()
SILENT = Silent()
HUNG_UP = actions.HungUp()


def flow(steps: dict[str, dict[str, Any]], name: str = "main", start: str = "", **more: Any) -> Flow:
    """A flow that starts with its first step."""
    first = start or next(iter(steps))
    head = {"flow": name, "kind": "inbound", "title": {"en": name}, "start": first}
    return msgspec.convert({**head, "steps": steps, **more}, Flow)


def run(*flows: Flow, **more: Any) -> Run:
    """A run of the first of them."""
    return Run({each.flow: each for each in flows}, flows[0].flow, **more)


def keyed(keys: str, *, terminated: bool = False) -> Keyed:
    return Keyed(keys=keys, terminated=terminated)


class Told:
    """A run with all that it asked for so far."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.actions: list[Action] = [run.begin()]

    def take(self, *events: Event) -> Action:
        """Tell it; the last action is the answer."""
        for event in events:
            self.actions.append(self.run.take(event))
        return self.last

    @property
    def last(self) -> Action:
        return self.actions[-1]

    @property
    def notes(self) -> list[Note]:
        return [note for action in self.actions for note in action.notes]

    @property
    def ways(self) -> list[str]:
        """The steps that were gone through, each with the way that led there."""
        return [f"{note.step} by {note.way}" for note in self.notes if isinstance(note, Entered)]

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [(note.question, note.value) for note in self.notes if isinstance(note, Answered)]


def heard(action: Action) -> list[str]:
    """What the caller hears of it: names of prompts, and values with their kind."""
    says = getattr(action, "says", ())
    return [said.value if said.kind == "prompt" else f"{said.kind}:{said.value}" for said in says]


def is_over(action: Action) -> bool:
    return isinstance(action, End | GiveUp)


def asks(actions_: Iterable[Action]) -> Iterator[Ask]:
    return (action for action in actions_ if isinstance(action, Ask))
