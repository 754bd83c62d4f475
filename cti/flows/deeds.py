"""The verbs that ask the caller for nothing: prompt, lookup, assign, branch, language, queue, callback,
transfer, send, task, refuse, switch, subdialog, exit.

For each: how the step begins, and how it goes on from what was told where it waits for anything.
"""

from collections.abc import Mapping
from typing import Final

from cti.flows.actions import (
    Connect,
    Done,
    Event,
    Failed,
    Find,
    Found,
    Keyed,
    NotFound,
    OfferCallback,
    OpenTask,
    Play,
    RefuseCalls,
    Returned,
    SendMessage,
    Silent,
    SpeakLanguage,
    SwitchAnnouncement,
    Utterance,
    Value,
    WaitInQueue,
)
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
)
from cti.flows.expression import clean, is_true, text_of
from cti.flows.passing import passed_values
from cti.flows.question_words import Say
from cti.flows.tries import variable_of
from cti.flows.turn import Back, Go, Into, Outcome, Trouble, Turn, unexpected

_GoesOn = Say | LookUp | Assign | Language | Queue | Callback | Transfer | Send | Task | Refuse | Switch

#: In which a flow can speak.
LANGUAGES: Final = ("zh-CN", "en")


def begin_prompt(turn: Turn, say: Say) -> Outcome:
    """Say something; nothing when there is nothing that can be said."""
    says = turn.says(say.say)
    return Play(step=turn.place, says=says, bargein=say.bargein) if says else _on(say)


def take_prompt(_: Turn, say: Say, event: Event) -> Outcome:
    """A key that breaks it off is forgotten."""
    return _on(say) if isinstance(event, Done | Keyed | Silent) else unexpected(event)


def begin_lookup(turn: Turn, lookup: LookUp) -> Outcome:
    """Ask for data; the only place that gets a secret in clear."""
    arguments = {name: turn.value(text) for name, text in lookup.arguments.items()}
    return Find(
        step=turn.place,
        source=lookup.source,
        arguments=arguments,
        timeout_seconds=lookup.timeout_seconds,
    )


def take_lookup(turn: Turn, lookup: LookUp, event: Event) -> Outcome:
    """What was found, over what is the default; nothing of an earlier look-up into the same name stays."""
    if not isinstance(event, Found | NotFound | Failed):
        return unexpected(event)
    found: Mapping[str, Value] = event.values if isinstance(event, Found) else {}
    known = {name: value for name, value in found.items() if clean(value) is not None}
    turn.learn(lookup.into, {**lookup.default, **known, "found": isinstance(event, Found)})
    if isinstance(event, Failed) and lookup.failed is not None:
        return Go(step=lookup.failed, way="failed")
    if isinstance(event, Found) or lookup.otherwise is None:
        return _on(lookup)
    return Go(step=lookup.otherwise, way="otherwise")


def begin_assign(turn: Turn, assign: Assign) -> Outcome:
    """Set variables."""
    turn.assign_all(assign.values)
    return _on(assign)


def begin_branch(turn: Turn, branch: Branch) -> Outcome:
    """The first case that is true."""
    steered = turn.steer(turn.place) if turn.steer is not None else None
    if steered == "otherwise":
        return Go(step=branch.otherwise, way=steered)
    for number, case in enumerate(branch.cases, 1):
        if steered == f"case {number}":
            return Go(step=case.goto, way=steered)
    for number, case in enumerate(branch.cases, 1):
        if is_true(turn.value(case.when)):
            return Go(step=case.goto, way=f"case {number}")
    return Go(step=branch.otherwise, way="otherwise")


def begin_language(turn: Turn, language: Language) -> Outcome:
    """Change the language; one that nobody knows changes nothing."""
    to = language.to or turn.text(language.of)
    if to not in LANGUAGES:
        return _on(language)
    turn.state.call["call.language"] = to
    return SpeakLanguage(step=turn.place, language=to)


def begin_queue(turn: Turn, queue: Queue) -> Outcome:
    """Hand the call over to a queue."""
    name = queue.name or turn.text(queue.of)
    if not name:
        return Go(step=queue.otherwise, way="otherwise")
    turn.state.call["call.queue"] = name
    return WaitInQueue(
        step=turn.place,
        queue=name,
        longest_seconds=queue.longest_seconds,
        priority=queue.priority,
        keys="".join(queue.keys),
    )


def take_queue(_: Turn, queue: Queue, event: Event) -> Outcome:
    """Back from an agent, by a key, or because nobody had time."""
    match event:
        case Returned(result="answered"):
            return _on(queue)
        case Returned(result="key", key=key) if key in queue.keys:
            return Go(step=queue.keys[key], way=key)
        case Returned() | Failed():
            return Go(step=queue.otherwise, way="otherwise")
    return unexpected(event)


def begin_callback(turn: Turn, callback: Callback) -> Outcome:
    """Offer that the place in the queue is kept."""
    queue = callback.queue or text_of(turn.state.call.get("call.queue"))
    number = turn.text(callback.number)
    if not queue or (callback.number is not None and not number):
        return Go(step=callback.otherwise, way="otherwise")
    return OfferCallback(step=turn.place, queue=queue, number=number)


def take_callback(_: Turn, callback: Callback, event: Event) -> Outcome:
    """Whether the place is kept."""
    match event:
        case Returned(result="accepted"):
            return _on(callback)
        case Returned() | Failed():
            return Go(step=callback.otherwise, way="otherwise")
    return unexpected(event)


def begin_transfer(turn: Turn, transfer: Transfer) -> Outcome:
    """Join the caller with somebody."""
    agent, extension, number = (
        turn.text(text) for text in (transfer.agent, transfer.extension, transfer.number)
    )
    if not (agent or extension or number):
        return Go(step=transfer.otherwise, way="otherwise")
    return Connect(
        step=turn.place,
        agent=agent,
        extension=extension,
        number=number,
        ring_seconds=transfer.ring_seconds,
        values=passed_values(turn, transfer.values),
    )


def take_transfer(_: Turn, transfer: Transfer, event: Event) -> Outcome:
    """They have talked, or could not."""
    match event:
        case Returned(result="answered"):
            return _on(transfer)
        case Returned() | Failed():
            return Go(step=transfer.otherwise, way="otherwise")
    return unexpected(event)


def begin_send(turn: Turn, send: Send) -> Outcome:
    """Send a message."""
    return SendMessage(step=turn.place, to=send.to, values=turn.open_values(send.values))


def begin_task(turn: Turn, task: Task) -> Outcome:
    """Open a task."""
    return OpenTask(
        step=turn.place,
        kind=task.kind,
        queue=task.queue or text_of(turn.state.call.get("call.queue")),
        supervisor=task.supervisor,
        values=turn.open_values(task.values),
        recording=""
        if task.recording is None
        else text_of(turn.frame.variables.get(variable_of(task.recording))),
    )


def take_task(turn: Turn, task: Task, event: Event) -> Outcome:
    """On, once it is sure not to be forgotten."""
    if not isinstance(event, Done | Found):
        return unexpected(event)
    turn.learn(task.into, event.values if isinstance(event, Found) else {})
    return _on(task)


def begin_refuse(turn: Turn, refuse: Refuse) -> Outcome:
    """Keep the number from being called."""
    return RefuseCalls(step=turn.place, scope=refuse.scope)


def begin_switch(turn: Turn, switch: Switch) -> Outcome:
    """Switch an announcement."""
    name = turn.text(switch.announcement)
    if not name:
        return Trouble(reason="switch.no_announcement")
    return SwitchAnnouncement(step=turn.place, announcement=name, on=is_true(turn.value(switch.on)))


def take_done(_: Turn, word: Language | Send | Refuse | Switch, event: Event) -> Outcome:
    """On, once it is done."""
    return _on(word) if isinstance(event, Done) else unexpected(event)


def begin_subdialog(turn: Turn, subdialog: Subdialog) -> Outcome:
    """Into another flow, which sees of this one's variables only what it is given."""
    return Into(
        flow=subdialog.flow,
        variables={name: turn.value(text) for name, text in subdialog.values.items()},
        secrets={name for name, text in subdialog.values.items() if turn.secret(text)},
    )


def begin_exit(turn: Turn, leave: Exit) -> Outcome:
    """Out of this flow; a sub-flow says what it has to say first."""
    says = turn.says(leave.say)
    if says and len(turn.state.frames) > 1:
        return Play(step=turn.place, says=says, bargein=True)
    return _back(turn, leave, says)


def take_exit(turn: Turn, leave: Exit, event: Event) -> Outcome:
    """Out of a sub-flow that has said what it had to say."""
    return _back(turn, leave, ()) if isinstance(event, Done | Keyed | Silent) else unexpected(event)


def _back(turn: Turn, leave: Exit, says: tuple[Utterance, ...]) -> Back:
    result, secret = turn.value(leave.result), turn.secret(leave.result)
    return Back(result=result, secret=secret, outcome=leave.outcome, says=says)


def _on(word: _GoesOn) -> Go:
    return Go(step=word.goto, way="goto")
