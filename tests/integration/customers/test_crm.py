"""An external customer system: used when it answers, never waited for for long, never trusted."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pop_setting import CrmPeer, Gate, Watcher, call_of, joined
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.calls.model import Call
from cti.customers import store
from cti.customers.crm import CircuitBreaker, Crm
from cti.customers.demo import demo_number
from cti.customers.lookup import CustomerLookup
from cti.customers.model import PopSource, PopState, ScreenPop
from cti.customers.screen_pop import ScreenPops
from cti.errors import CrmFailed

UNKNOWN_HERE = "+8613700000001"
ANNA = {
    "external_ref": "crm-1",
    "name": "Anna Beispiel",
    "language": "en",
    "company": "Example Trading",
    "numbers": ["13700000001", "no number at all"],
    "subscriptions": [{"product": "Business line", "status": "active", "expires_on": "2099-01-01"}],
}

Opened = Callable[..., AbstractAsyncContextManager[tuple[ScreenPops, Watcher]]]


@pytest_asyncio.fixture
async def crm(crm_peer: CrmPeer) -> AsyncIterator[Crm]:
    async with Crm(crm_peer.url, "secret", "CN", time_limit_seconds=1.0) as opened:
        yield opened


@pytest.fixture
def opened(lookup: CustomerLookup, crm: Crm) -> Opened:
    @asynccontextmanager
    async def make(
        using: CustomerLookup = lookup, **options: Any
    ) -> AsyncIterator[tuple[ScreenPops, Watcher]]:
        calls: dict[str, Call] = {}
        async with ScreenPops(using, crm, default_region="CN", call_of=calls.get, **options) as pops:
            yield pops, Watcher(pops)

    return make


async def _certified(folder: Path) -> Path:
    """A certificate for this machine, and its key, in one file."""
    path = folder / "crm.pem"
    making = await asyncio.create_subprocess_exec(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=crm", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", "-",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    certificate, _ = await making.communicate()
    path.write_bytes(path.read_bytes() + certificate)
    return path


def known(pop: ScreenPop) -> bool:
    return pop.source is PopSource.CRM


async def test_a_customer_whom_only_the_crm_knows_is_shown_and_kept(
    opened: Opened, crm_peer: CrmPeer, engine: AsyncEngine
) -> None:
    crm_peer.knows(ANNA, after=0.02)
    async with opened() as (pops, watcher):
        pops.observe(joined(call_of("c1", UNKNOWN_HERE)))
        pop = await watcher.until("c1", known)
        assert watcher.states("c1") == [PopState.LOADING, PopState.READY], "no 'create customer' in between"
        assert (pop.state, pop.partial) == (PopState.READY, False)
        assert pop.customer is not None
        assert (pop.customer.name, pop.customer.external_ref) == ("Anna Beispiel", "crm-1")
        assert [number.e164 for number in pop.customer.numbers] == [UNKNOWN_HERE]
        assert [(s.product, s.expires_on) for s in pop.subscriptions] == [("Business line", "2099-01-01")]
        assert crm_peer.asked == [{"number": UNKNOWN_HERE}], "the number travels in the body"
        assert crm_peer.headers[0]["Authorization"] == "Bearer secret"
        async with engine.connect() as connection:
            kept = await store.read_customer(connection, pop.customer.id or 0, "CN")
        assert kept is not None
        assert kept.name == "Anna Beispiel"


async def test_a_slow_crm_is_waited_for_briefly_and_filled_in_later(
    opened: Opened, crm_peer: CrmPeer
) -> None:
    crm_peer.knows({**ANNA, "external_ref": "crm-2"}, after=0.6)
    async with opened() as (pops, watcher):
        begun = time.monotonic()
        pops.observe(joined(call_of("c2", "+8613700000002")))
        early = await watcher.until("c2", lambda pop: pop.state is PopState.UNKNOWN)
        assert 0.25 < time.monotonic() - begun < 0.55
        assert early.partial
        late = await watcher.until("c2", known)
        assert (late.state, late.partial) == (PopState.READY, False)


async def test_our_own_record_is_shown_at_once_while_the_crm_thinks(
    opened: Opened, crm_peer: CrmPeer
) -> None:
    crm_peer.knows({**ANNA, "external_ref": "crm-3", "name": "From the CRM"}, after=0.2)
    async with opened() as (pops, watcher):
        pops.observe(joined(call_of("c3", demo_number(30))))
        first = await watcher.until("c3", lambda pop: pop.state is PopState.READY)
        assert (first.source, first.partial) == (PopSource.LOCAL, True)
        later = await watcher.until("c3", known)
        assert later.customer is not None
        assert later.customer.name == "From the CRM"


async def test_a_crm_that_knows_nobody_leaves_our_record(opened: Opened, crm_peer: CrmPeer) -> None:
    async with opened() as (pops, watcher):
        pops.observe(joined(call_of("c4", demo_number(31))))
        pop = await watcher.settled("c4")
        assert (pop.state, pop.source, pop.partial) == (PopState.READY, PopSource.LOCAL, False)


async def test_of_several_customers_in_the_crm_one_can_be_chosen(opened: Opened, crm_peer: CrmPeer) -> None:
    crm_peer.knows(
        {**ANNA, "external_ref": "crm-5a", "name": "One"}, {**ANNA, "external_ref": "crm-5b", "name": "Two"}
    )
    async with opened() as (pops, watcher):
        pops.observe(joined(call_of("c5", "+8613700000005")))
        pop = await watcher.until("c5", known)
        assert pop.state is PopState.SEVERAL
        two = next(candidate for candidate in pop.candidates if candidate.name == "Two")
        chosen = await pops.choose("c5", two.id or 0, None)
        assert chosen is not None
        assert chosen.customer is not None
        assert (chosen.customer.name, chosen.source) == ("Two", PopSource.CRM)
        assert chosen.subscriptions


async def test_the_crm_helps_while_the_database_is_down(
    opened: Opened, crm_peer: CrmPeer, gate: Gate
) -> None:
    crm_peer.knows({**ANNA, "external_ref": "crm-6"})
    async with CustomerLookup(gate.url) as cut_off, opened(using=cut_off) as (pops, watcher):
        await gate.shut()
        pops.observe(joined(call_of("c6", "+8613700000006")))
        pop = await watcher.until("c6", known)
        assert (pop.state, pop.partial) == (PopState.READY, True)
        assert pop.customer is not None
        assert pop.customer.id is None, "an id that is not known is null"


async def _status(code: int) -> web.Response:
    return web.Response(status=code, text="{}")


def _body(text: str) -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    return answer


async def _redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})


async def _drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _hang(request: web.Request) -> web.Response:
    await asyncio.sleep(5)
    return web.Response()


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(1000):
        await response.write(b" " * 65536)
    return response


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda request: _status(500), id="error"),
        pytest.param(lambda request: _status(204), id="nothing"),
        pytest.param(_redirect, id="redirect"),
        pytest.param(_drop, id="cut"),
        pytest.param(_hang, id="mute"),
        pytest.param(_endless, id="endless"),
        pytest.param(_body("<html>"), id="html"),
        pytest.param(_body("[" * 20_000), id="deep"),
        pytest.param(_body('{"customers": [{"name": "no reference"}]}'), id="incomplete"),
        pytest.param(_body(json.dumps({"customers": [{**ANNA, "name": "x" * 300}]})), id="long name"),
        pytest.param(_body(json.dumps({"customers": [ANNA] * 100})), id="too many"),
        pytest.param(_body(json.dumps({"customers": [{**ANNA, "language": "xx"}]})), id="language"),
    ],
)
async def test_a_crm_that_misbehaves_is_a_failure_and_nothing_else(
    crm: Crm, crm_peer: CrmPeer, answer: Any
) -> None:
    crm_peer.answer = answer
    with pytest.raises(CrmFailed) as failure:
        await crm.find(UNKNOWN_HERE)
    assert UNKNOWN_HERE not in str(failure.value)


async def test_control_characters_from_the_crm_reach_neither_page_nor_database(
    opened: Opened, crm_peer: CrmPeer
) -> None:
    crm_peer.knows(
        {**ANNA, "external_ref": "crm-\x007", "name": "An\x00na\r\n\u202eevil", "note": "\x1b[31mred"}
    )
    async with opened() as (pops, watcher):
        pops.observe(joined(call_of("c7", "+8613700000007")))
        pop = await watcher.until("c7", known)
        assert pop.customer is not None
        assert pop.customer.id is not None
        assert "\x00" not in pop.customer.name
        assert (pop.customer.external_ref, pop.customer.note) == ("crm-7", "[31mred")


async def test_a_failing_crm_is_left_alone_for_a_while(crm_peer: CrmPeer) -> None:
    now = 0.0
    breaker = CircuitBreaker(failures=2, open_seconds=10)
    async with Crm(crm_peer.url, None, "CN", breaker=breaker, clock=lambda: now) as crm:
        crm_peer.answer = lambda request: _status(500)
        for _ in range(4):
            with pytest.raises(CrmFailed):
                await crm.find(UNKNOWN_HERE)
        assert len(crm_peer.asked) == 2
        now = 10.0
        crm_peer.knows(ANNA)
        assert [customer.name for customer in await crm.find(UNKNOWN_HERE)] == ["Anna Beispiel"]
        assert not breaker.is_open


async def test_no_request_goes_out_beyond_the_limit(crm_peer: CrmPeer) -> None:
    crm_peer.knows(ANNA, after=0.3)
    async with Crm(crm_peer.url, None, "CN") as crm:
        answers = await asyncio.gather(*(crm.find(UNKNOWN_HERE) for _ in range(40)), return_exceptions=True)
    assert sum(isinstance(answer, CrmFailed) for answer in answers) == 40 - len(crm_peer.asked)
    assert len(crm_peer.asked) == 16


async def test_a_crm_that_is_not_there_is_a_failure() -> None:
    async with Crm("http://127.0.0.1:9/find", None, "CN") as crm:
        with pytest.raises(CrmFailed, match="ClientConnector"):
            await crm.find(UNKNOWN_HERE)


async def test_a_crm_is_asked_over_tls_only_when_this_machine_trusts_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = await _certified(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    peer = CrmPeer()
    peer.knows(ANNA)
    async with peer.serving(context):
        assert peer.url.startswith("https://")
        async with Crm(peer.url, "secret", "CN") as stranger:
            with pytest.raises(CrmFailed, match="Certificate"):
                await stranger.find(UNKNOWN_HERE)
        assert peer.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with Crm(peer.url, "secret", "CN") as crm:
            assert [customer.name for customer in await crm.find(UNKNOWN_HERE)] == ["Anna Beispiel"]
