"""What the caller and others do in a flow that is tried, in words. Pure.

`1`, `12#`, `*` are keys; `noinput`; `hangup`; `record` or `record:7` (seconds); in a queue `answered`,
`timeout`, `full`, `empty` or a key; for a transfer `answered`, `busy`, `no_answer`, `nowhere`; for a callback
`accepted`, `refused`; for a look-up, which else gets its values from the data (`customer.failed`, true:
nobody can tell), `notfound`; `fail` and `expire` anywhere.
"""

from collections.abc import Mapping
from typing import Final

from cti.flows import actions
from cti.flows.actions import Action, Ask, Event

_RECORDED_SECONDS: Final = 5.0
_RESULTS: Final[Mapping[type[Action], tuple[str, ...]]] = {
    actions.WaitInQueue: ("answered", "timeout", "full", "empty"),
    actions.OfferCallback: ("accepted", "refused"),
    actions.Connect: ("answered", "busy", "no_answer", "nowhere"),
}
#: What fits whatever is done, `hangup` only where the caller is needed.
ANYWHERE: Final[Mapping[str | None, Event]] = {
    "hangup": actions.HungUp(),
    "fail": actions.Failed(reason="tried"),
    "expire": actions.Expired(),
}


class UnfitWordError(Exception):
    """A word does not fit; ``expected`` are those that would, or what they look like."""

    def __init__(self, word: str, step: str, expected: tuple[str, ...]) -> None:
        super().__init__(f"{step}: {word!r} does not fit; {', '.join(expected)} do")
        self.word = word
        self.step = step
        self.expected = expected


def needs_the_caller(action: Action) -> bool:
    """Whether the action cannot be carried out once he has hung up."""
    return waits(action) or isinstance(action, actions.Play | actions.SpeakLanguage)


def waits(action: Action) -> bool:
    """Whether somebody has to do something before it goes on."""
    return isinstance(action, (Ask, actions.TakeRecording, actions.PlayRecording, *_RESULTS))


def event_of(action: Action, word: str) -> Event:
    """What a word means to an action that waits; raises `UnfitWordError`."""
    if word == "noinput" and isinstance(action, Ask | actions.TakeRecording | actions.PlayRecording):
        return actions.Silent()
    match action:
        case Ask() if _are_keys(word):
            ended = bool(action.terminator) and word.endswith(action.terminator)
            keys = word.removesuffix(action.terminator) if ended else word
            if len(keys) <= action.most_keys:
                return actions.Keyed(keys=keys, terminated=ended)
        case actions.PlayRecording() if _are_keys(word) and len(word) == 1:
            return actions.Keyed(keys=word)
        case actions.TakeRecording() if word.partition(":")[0] == "record":
            seconds = word.partition(":")[2]
            if not seconds or seconds.isdecimal():
                return actions.Recorded(
                    recording="recording", seconds=float(seconds[:6]) if seconds else _RECORDED_SECONDS
                )
        case actions.WaitInQueue() if _are_keys(word) and word in action.keys:
            return actions.Returned(result="key", key=word)
    if word in _RESULTS.get(type(action), ()):
        return actions.Returned(result=word)
    raise UnfitWordError(word, action.step, expected(action))


def _are_keys(word: str) -> bool:
    return bool(word) and all(key in "0123456789*#" for key in word)


def expected(action: Action) -> tuple[str, ...]:
    """The words that fit an action, or what they look like."""
    match action:
        case Ask() | actions.PlayRecording():
            return ("0-9*#", "noinput", "hangup")
        case actions.TakeRecording():
            return ("record", "record:7", "noinput", "hangup")
        case actions.WaitInQueue():
            return (*_RESULTS[actions.WaitInQueue], *action.keys, "hangup")
    return (*_RESULTS.get(type(action), ()), "hangup")
