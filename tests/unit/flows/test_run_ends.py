"""Any flow, told anything: a run never raises, comes to an end, and minds no move to another process."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cti.flows import actions
from cti.flows.actions import Action, Answered, Event
from cti.flows.run import SILENT_VERBS, Run, verb_of
from tests.unit.flows.flowkit import flow, is_over

NAMES = ["a", "b", "c", "d", "e", "gone"]
TARGET = st.sampled_from(NAMES)
EXPRESSION = st.sampled_from(
    ["x", "x + 1", "default(x, 0) + 1", "x > 2", "'t'", "y.z", "call.queue", "1 +", "s"]
)
PARTS = st.lists(
    st.sampled_from(["hello", {"number": "x"}, {"name": "y.z", "otherwise": "dear"}]), max_size=2
)
HANDLER = st.fixed_dictionaries({"prompt": PARTS}, optional={"goto": TARGET})
HANDLERS: dict[str, Any] = {"noinput": HANDLER, "nomatch": HANDLER}
TRIES = st.integers(1, 3)


def word(needed: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed, optional=optional)


VERBS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "prompt": word({"say": PARTS, "goto": TARGET}),
    "menu": word(
        {
            "prompt": PARTS,
            "choices": st.dictionaries(
                st.sampled_from(["1", "2-4", "*", "#"]),
                TARGET | word({"goto": TARGET}, value=st.just("v"), set=st.just({"x": "x + 1"})),
                min_size=1,
            ),
            "tries": TRIES,
        },
        name=st.sampled_from(["x", "q"]),
        kind=st.sampled_from(["choice", "scale"]),
        **HANDLERS,
    ),
    "field": word(
        {"prompt": PARTS, "goto": TARGET, "tries": TRIES, "fewest_digits": st.integers(0, 2)},
        name=st.sampled_from(["x", "q"]),
        kind=st.sampled_from(["number", "digits"]),
        confirm=PARTS,
        check=EXPRESSION,
        least=st.integers(0, 5),
        **HANDLERS,
    ),
    "record": word(
        {"prompt": PARTS, "goto": TARGET, "tries": TRIES, "review": st.booleans()}, noinput=HANDLER
    ),
    "lookup": word(
        {"source": st.just("customer"), "into": st.just("y"), "goto": TARGET},
        arguments=st.just({"number": "x"}),
        default=st.just({"z": 1}),
        otherwise=TARGET,
    ),
    "assign": word({"values": st.dictionaries(st.just("x"), EXPRESSION), "goto": TARGET}),
    "branch": word(
        {"cases": st.lists(word({"when": EXPRESSION, "goto": TARGET}), max_size=2), "otherwise": TARGET}
    ),
    "language": word({"goto": TARGET}, to=st.sampled_from(["en", "zh-CN"]), of=EXPRESSION),
    "queue": word({"goto": TARGET, "otherwise": TARGET, "keys": st.just({"1": "a"})}, of=EXPRESSION),
    "callback": word({"goto": TARGET, "otherwise": TARGET}, number=EXPRESSION),
    "voicemail": word({"prompt": PARTS, "goto": TARGET}, of=EXPRESSION),
    "transfer": word({"goto": TARGET, "otherwise": TARGET}, agent=EXPRESSION),
    "send": word({"to": st.just("crm"), "goto": TARGET, "values": st.just({"x": "x"})}),
    "task": word({"kind": st.just("tip"), "goto": TARGET}),
    "refuse": word({"goto": TARGET}),
    "switch": word({"announcement": EXPRESSION, "on": EXPRESSION, "goto": TARGET}),
    "subdialog": word(
        {"flow": st.sampled_from(["main", "other", "nowhere"]), "goto": TARGET}, into=st.just("x")
    ),
    "exit": word({}, say=PARTS, result=EXPRESSION, outcome=st.sampled_from(["fine", "completed"])),
}
STEP = st.one_of([given_word.map(lambda said, verb=verb: {verb: said}) for verb, given_word in VERBS.items()])
STEPS = st.fixed_dictionaries(dict.fromkeys(NAMES[:-1], STEP))
ENDS = st.fixed_dictionaries({}, optional={"error": TARGET, "hangup": TARGET, **HANDLERS})
LIMIT = 30

KEYS = st.text(alphabet="0123456789*#", max_size=5) | st.text(max_size=3)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(actions.Keyed, keys=KEYS, terminated=st.booleans()),
    st.builds(actions.Silent),
    st.builds(actions.Done),
    st.builds(actions.Recorded, recording=st.sampled_from(["r1", "r2"]), seconds=st.floats(0, 100)),
    st.builds(actions.Found, values=st.dictionaries(st.sampled_from(["z", "name", "\ud800"]), VALUES)),
    st.builds(actions.NotFound),
    st.builds(actions.Returned, result=st.sampled_from(["answered", "timeout", "key", "?"]), key=KEYS),
    st.builds(actions.Failed, reason=st.text(max_size=3)),
)
#: What ends a run is seldom told, or few would be long.
RARE = st.one_of(EVENTS, EVENTS, EVENTS, st.builds(actions.HungUp), st.builds(actions.Expired))

FITTING: dict[type[Action], st.SearchStrategy[Event]] = {
    actions.Ask: st.sampled_from(["1", "2", "", "#", "34"]).map(lambda keys: actions.Keyed(keys=keys)),
    actions.TakeRecording: st.just(actions.Recorded(recording="r", seconds=2)),
    actions.PlayRecording: st.sampled_from(["1", "2", "3"]).map(lambda keys: actions.Keyed(keys=keys)),
    actions.Find: st.just(actions.NotFound()),
    actions.WaitInQueue: st.just(actions.Returned(result="timeout")),
    actions.OfferCallback: st.just(actions.Returned(result="refused")),
    actions.Connect: st.just(actions.Returned(result="busy")),
}


@settings(max_examples=300, deadline=None)
@given(STEPS, STEPS, ENDS, ENDS, st.data())
def test_any_run_ends_and_none_raises_and_none_minds_being_written_down(
    steps: dict[str, Any],
    others: dict[str, Any],
    ends: dict[str, Any],
    more: dict[str, Any],
    data: st.DataObject,
) -> None:
    flows = {
        "main": flow(steps, limits={"steps": LIMIT}, **ends),
        "other": flow(others, name="other", **more),
    }
    run = Run(flows, "main", data={"x": data.draw(VALUES)})
    action = run.begin()
    most = (LIMIT + 2 * 50) * 12
    told = 0
    while not is_over(action):
        told += 1
        assert told < most
        assert run.outcome == ""
        again = Run.load(run.dump(), flows)
        assert again.dump() == run.dump()
        # Mostly what fits, or few runs would be long; seldom anything.
        fitting = FITTING.get(type(action), st.just(actions.Done()))
        event = data.draw(fitting if told % 4 else RARE)
        before, action = action, run.take(event)
        assert again.take(event) == action
        if isinstance(event, actions.HungUp):
            assert not isinstance(action, actions.Play | actions.Ask | actions.WaitInQueue)
        keyed = [note for note in action.notes if isinstance(note, Answered) and note.keys]
        assert not keyed or isinstance(before, actions.Ask)
    assert run.outcome


def test_every_verb_is_among_those_that_are_tried() -> None:
    assert set(VERBS) >= SILENT_VERBS
    assert set(VERBS) == set(flow({"a": {}}).steps["a"].__struct_fields__)
    assert verb_of(flow({"a": {}}).steps["a"]) is None
