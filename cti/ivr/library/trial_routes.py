"""Flows tried over HTTP: what a caller would hear, key by key, without a telephone."""

import base64
import binascii
import hmac
import secrets
from typing import Annotated, Final

import msgspec
from aiohttp import web
from pydantic import Field

from cti.flows import simulation
from cti.flows.actions import Value
from cti.flows.caller_words import UnfitWordError
from cti.flows.model import Flow
from cti.flows.simulation import Dialogue, Exchange
from cti.flows.state import StateInvalidError
from cti.flows.version import version_of
from cti.flows.words import VARIABLE_PATTERN
from cti.http.principal import Language
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Body
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.library.flow_check import FlowCheck
from cti.ivr.library.flow_routes import FLOW_BOOK, FLOW_CHECK, LEADERS, FlowName, FlowText, Version
from cti.prompts import table as prompts

routes = Routes(tag="flows")

#: For as long as the service runs; a trial is begun again after that.
_KEY: Final = secrets.token_bytes(32)
_SEAL_BYTES: Final = 32

VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN, max_length=64)]
Variable = str | int | float | bool | None
#: What happens: keys, `noinput`, `hangup`, `record:7`, `answered`, `notfound`, …
Word = Annotated[str, Field(pattern=r"^([0-9*#]{1,40}|[a-z_]{1,16}(:[0-9]{1,4})?)$")]


class TriedBody(Body):
    """Which flow: a ``text`` that is not kept yet, a ``version``, or the active one without a word."""

    text: FlowText | None = None
    version: Version | None = None


class TryBody(TriedBody):
    """A trial's next turn; without ``state`` it begins, in ``language`` and with ``data``.

    ``data`` are the flow's inputs, `call.` variables, and what look-ups find, under the names that steps know
    it by (`customer.name`). ``state`` is as the last answer gave it, ``word`` what happens now.
    """

    language: Language = Language.CHINESE
    data: Annotated[dict[VariableName, Variable], Field(max_length=200)] = Field({})
    state: Annotated[str, Field(max_length=60_000)] | None = None
    word: Word | None = None


class TrialView(msgspec.Struct, frozen=True, kw_only=True):
    """What followed: first the exchange that waited, with its word, then those that came.

    ``expected`` are the words that fit now, none when the call is over; then ``outcome`` says how it ended.
    ``state`` is for the next turn; what is in it may change.
    """

    version: str
    exchanges: list[Exchange]
    language: str
    expected: list[str]
    outcome: str | None
    state: str | None


class TriedFlow(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried: a version, the versions of its sub-flows, and all of them by name."""

    version: str
    parts: dict[str, str]
    flows: dict[str, Flow]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is between two turns."""

    version: str
    parts: dict[str, str]
    state: str


@routes.post("/api/v1/flows/{flow}/try", roles=LEADERS, summary="Try a flow without a telephone")
async def try_flow(request: web.Request, flow: FlowName, body: TryBody) -> TrialView:
    """One turn: until the caller, or somebody else, has to do something. Nothing is kept, nobody is called,
    no message is sent.
    """
    book, check = request.app[FLOW_BOOK], request.app[FLOW_CHECK]
    if body.state is None:
        tried = await tried_flow(book, check, flow, body)
        data: dict[str, Value] = dict(body.data)
        dialogue = simulation.start(
            tried.flows, flow, texts=prompts.texts, language=body.language.value, data=data
        )
    else:
        kept = _unsealed(body.state)
        tried = await _again(book, check, flow, body, kept)
        dialogue = _go_on(kept, tried, body.word or "")
    return _view(tried, dialogue)


async def tried_flow(book: FlowBook, check: FlowCheck, name: str, body: TriedBody) -> TriedFlow:
    """The flow that a body names.

    Raises:
        Problem: `flow.invalid`, `flow.not_found`, `flow.version_not_found`.
    """
    if body.text is not None:
        checked = await check.check(name, body.text)
        around = {other: flow for other, (_, flow) in book.active_texts().items()}
        return TriedFlow(version=version_of(body.text), parts={}, flows={**around, name: checked.flow})
    if body.version is None:
        edition = book.active(name)
        if edition is None:
            raise Problem("flow.not_found", flow=name)
    else:
        edition = await book.find(name, body.version)
        if edition is None:
            raise Problem("flow.version_not_found", version=body.version)
    return TriedFlow(version=edition.version, parts=dict(edition.parts), flows=dict(edition.flows))


async def _again(book: FlowBook, check: FlowCheck, name: str, body: TryBody, kept: _Kept) -> TriedFlow:
    """What the trial began with."""
    if body.text is not None:
        tried = await tried_flow(book, check, name, body)
        if tried.version == kept.version:
            return tried
    else:
        edition = await book.find(name, kept.version, kept.parts)
        if edition is not None:
            return TriedFlow(version=edition.version, parts=kept.parts, flows=dict(edition.flows))
    raise Problem("trial.state_invalid")


def _go_on(kept: _Kept, tried: TriedFlow, word: str) -> Dialogue:
    try:
        return simulation.act(tried.flows, kept.state, word, texts=prompts.texts)
    except UnfitWordError as error:
        raise Problem("trial.unexpected", expected=", ".join(error.expected)) from None
    except StateInvalidError:
        raise Problem("trial.state_invalid") from None


def _view(tried: TriedFlow, dialogue: Dialogue) -> TrialView:
    state = None
    if dialogue.state:
        state = _sealed(_Kept(version=tried.version, parts=tried.parts, state=dialogue.state))
    return TrialView(
        version=tried.version,
        exchanges=dialogue.exchanges,
        language=dialogue.language,
        expected=dialogue.expected,
        outcome=dialogue.outcome or None,
        state=state,
    )


def _sealed(kept: _Kept) -> str:
    content = msgspec.json.encode(kept)
    return base64.urlsafe_b64encode(_seal(content) + content).decode()


def _unsealed(state: str) -> _Kept:
    """Only what this service wrote is read: a state of one's own making could keep it busy for ever."""
    try:
        raw = base64.b64decode(state, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Problem("trial.state_invalid") from None
    seal, content = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(content)):
        raise Problem("trial.state_invalid")
    return msgspec.json.decode(content, type=_Kept)


def _seal(content: bytes) -> bytes:
    return hmac.digest(_KEY, content, "sha256")
