"""The verbs that ask the caller for keys: menu, field.

For each: how the step begins, and how it goes on from what was told.
"""

from cti.flows.actions import Action, Ask, Event, Keyed, Utterance
from cti.flows.expression import is_true
from cti.flows.model import CONFIRM_PROMPT
from cti.flows.question_words import Choice, Field, Menu, keys_of
from cti.flows.state import Phase
from cti.flows.tries import answer, keys_told, mistake, typed, used_up
from cti.flows.turn import Go, Outcome, Trouble, Turn, prompt, unexpected

# --- menu ---


def begin_menu(turn: Turn, menu: Menu, before: tuple[Utterance, ...] = ()) -> Outcome:
    """Ask for one key."""
    return Ask(
        step=turn.place,
        says=before + turn.says(menu.prompt),
        bargein=menu.bargein,
        most_keys=1,
        terminator="",
        first_key_seconds=menu.timeout_seconds,
        next_key_seconds=menu.timeout_seconds,
    )


def take_menu(turn: Turn, menu: Menu, event: Event) -> Outcome:
    """One key decides."""
    keys = keys_told(event)
    if keys is None:
        return unexpected(event)
    choice = next((menu.choices[entry] for entry in menu.choices if keys and keys in keys_of(entry)), None)
    if choice is None or len(keys) != 1:
        before = mistake(turn, menu, keys)
        return before if isinstance(before, Go | Trouble) else begin_menu(turn, menu, before)
    value = keys if isinstance(choice, str) or choice.value is None else choice.value
    answer(turn, menu.name, menu.kind, value, keys)
    if isinstance(choice, Choice):
        turn.assign_all(choice.set)
        return Go(step=choice.goto, way=keys)
    return Go(step=choice, way=keys)


# --- field ---


def begin_field(turn: Turn, field: Field, before: tuple[Utterance, ...] = ()) -> Outcome:
    """Ask for several keys."""
    turn.wait(Phase.FIRST)
    return Ask(
        step=turn.place,
        says=before + turn.says(field.prompt),
        bargein=field.bargein,
        most_keys=field.most_digits,
        terminator=field.terminator,
        first_key_seconds=field.timeout_seconds,
        next_key_seconds=field.next_key_seconds,
        secret=field.secret,
    )


def take_field(turn: Turn, field: Field, event: Event) -> Outcome:
    """Keys that fit are the value, once they are confirmed where that is asked for."""
    keys = keys_told(event)
    if keys is None:
        return unexpected(event)
    if turn.state.phase is Phase.CONFIRM:
        return _take_confirmation(turn, field, keys)
    silent = keys == "" and not (isinstance(event, Keyed) and event.terminated)
    if silent or not _fits(turn, field, keys):
        before = mistake(turn, field, keys, silent=silent, secret=field.secret)
        return before if isinstance(before, Go | Trouble) else begin_field(turn, field, before)
    if field.confirm:
        return _confirm(turn, field, keys)
    return _accept(turn, field, keys)


def _fits(turn: Turn, field: Field, keys: str) -> bool:
    if not field.fewest_digits <= len(keys) <= field.most_digits:
        return False
    if keys and not (keys.isascii() and keys.isdigit()):
        return False
    if keys and not (field.least is None or int(keys) >= field.least):
        return False
    if keys and not (field.greatest is None or int(keys) <= field.greatest):
        return False
    return field.check is None or is_true(turn.value(field.check, value=typed(field.kind, keys)))


def _confirm(turn: Turn, field: Field, keys: str, before: tuple[Utterance, ...] = ()) -> Action:
    turn.wait(Phase.CONFIRM, keys)
    heard = turn.says(field.confirm, value=(typed(field.kind, keys), field.secret))
    return Ask(
        step=turn.place,
        says=(*before, *heard, prompt(CONFIRM_PROMPT)),
        bargein=field.bargein,
        most_keys=1,
        terminator="",
        first_key_seconds=field.timeout_seconds,
        next_key_seconds=field.next_key_seconds,
    )


def _take_confirmation(turn: Turn, field: Field, keys: str) -> Outcome:
    keyed = turn.state.pending
    if keys == "1":
        return _accept(turn, field, keyed)
    if keys != "2":
        before = mistake(turn, field, keys)
        return before if isinstance(before, Go | Trouble) else _confirm(turn, field, keyed, before)
    turn.state.redos += 1
    if turn.state.redos >= field.tries:
        return used_up(turn, field, "nomatch")
    return begin_field(turn, field)


def _accept(turn: Turn, field: Field, keys: str) -> Outcome:
    answer(turn, field.name, field.kind, keys, keys, secret=field.secret)
    return Go(step=field.goto, way="goto")
