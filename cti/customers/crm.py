"""An external customer system, asked over HTTP for the customers behind a number.

The request is ``POST <CTI_CRM_URL>`` with the JSON body ``{"number": "+8613812345678"}`` (in the body,
because addresses end up in access logs) and, when a token is set, ``Authorization: Bearer``. The answer is
200 with ``{"customers": [...]}`` in the form of `CrmCustomer`, or 404 when nobody is known. Whatever else
comes is a failure.

A system that fails again and again is left alone for a while (a circuit breaker), so that pops do not wait
for it.
"""

import asyncio
import ssl
from collections.abc import Callable
from datetime import date
from types import TracebackType
from typing import Annotated, Final, Literal, Self

import aiohttp
import msgspec
import structlog

from cti.customers.model import Subscription, SubscriptionStatus
from cti.customers.numbers import parse_e164
from cti.errors import CrmFailed

log = structlog.get_logger(__name__)

TIME_LIMIT_SECONDS: Final = 5.0
LARGEST_ANSWER_BYTES: Final = 64 * 1024
#: Requests at a time; a pop beyond these does without.
_MOST_REQUESTS: Final = 16
_FAILURES_TO_OPEN: Final = 5
_OPEN_SECONDS: Final = 10.0

_Text = Annotated[str, msgspec.Meta(max_length=200)]
_LongText = Annotated[str, msgspec.Meta(max_length=4000)]


class CrmSubscription(msgspec.Struct, frozen=True):
    """A subscription as the external system sends it."""

    product: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    starts_on: date | None = None
    expires_on: date | None = None

    def record(self, today: date) -> Subscription:
        """The subscription as the API shows it, with the days that are left on ``today``."""
        return Subscription(
            id=None,
            product=printable(self.product),
            status=self.status,
            starts_on=None if self.starts_on is None else self.starts_on.isoformat(),
            expires_on=None if self.expires_on is None else self.expires_on.isoformat(),
            days_left=None if self.expires_on is None else (self.expires_on - today).days,
        )


class CrmCustomer(msgspec.Struct, frozen=True):
    """A customer as the external system sends him; ``external_ref`` is his key there.

    ``subscriptions`` None means that the system knows nothing of them, so ours are shown.
    """

    external_ref: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    language: Literal["zh-CN", "en"] | None = None
    company: _Text | None = None
    email: _Text | None = None
    note: _LongText | None = None
    numbers: Annotated[list[_Text], msgspec.Meta(max_length=20)] = []
    subscriptions: Annotated[list[CrmSubscription], msgspec.Meta(max_length=50)] | None = None


class _Answer(msgspec.Struct, frozen=True):
    customers: Annotated[list[CrmCustomer], msgspec.Meta(max_length=20)]


_decoder = msgspec.json.Decoder(_Answer)


class CircuitBreaker:
    """Lets requests through until several in a row have failed, then none for a while, then one to try.

    Time is an argument (seconds, any monotonic clock).
    """

    def __init__(self, failures: int = _FAILURES_TO_OPEN, open_seconds: float = _OPEN_SECONDS) -> None:
        self._most = failures
        self._open_seconds = open_seconds
        self._failures = 0
        self._closed_until: float | None = None
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether requests are being held back."""
        return self._closed_until is not None

    def allows(self, now: float) -> bool:
        """Whether a request may go out; after the pause the first one to ask is the trial."""
        if self._closed_until is None:
            return True
        if now < self._closed_until or self._trying:
            return False
        self._trying = True
        return True

    def succeeded(self) -> bool:
        """Notes a usable answer; True when this ends a failure."""
        was_open = self.is_open
        self._failures, self._closed_until, self._trying = 0, None, False
        return was_open

    def failed(self, now: float) -> bool:
        """Notes a failure; True when this is what stops the requests."""
        was_open = self.is_open
        self._failures += 1
        self._trying = False
        if self._failures >= self._most:
            self._closed_until = now + self._open_seconds
        return self.is_open and not was_open

    def abandoned(self) -> None:
        """Notes that a request was given up by us, which says nothing about the other side."""
        self._trying = False


class Crm:
    """The client of the external customer system; an async context manager."""

    def __init__(
        self,
        url: str,
        token: str | None,
        default_region: str,
        *,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
        breaker: CircuitBreaker | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._url = url
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._region = default_region
        self._time_limit = time_limit_seconds
        self._breaker = breaker or CircuitBreaker()
        self._clock = clock
        self._running = 0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=self._time_limit),
            # Of its own, because the one of aiohttp trusts nobody here (`cti.ballast`).
            connector=aiohttp.TCPConnector(limit=_MOST_REQUESTS, ssl=ssl.create_default_context()),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def find(self, e164: str) -> list[CrmCustomer]:
        """The customers behind the number, cleaned: printable texts, valid numbers, each customer once.

        Raises:
            CrmFailed: no usable answer came in time, or the system is being left alone.
        """
        now = self._clock or asyncio.get_running_loop().time
        if self._running >= _MOST_REQUESTS or not self._breaker.allows(now()):
            raise CrmFailed("the external customer system is not asked now")
        self._running += 1
        try:
            customers = await self._ask(e164)
        except CrmFailed as error:
            if self._breaker.failed(now()):
                log.warning("The external customer system does not answer", reason=error.message)
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        finally:
            self._running -= 1
        if self._breaker.succeeded():
            log.info("The external customer system answers again")
        cleaned = {c.external_ref: c for c in map(self._cleaned, customers)}
        return [customer for reference, customer in cleaned.items() if reference]

    async def _ask(self, e164: str) -> list[CrmCustomer]:
        if self._session is None:
            raise CrmFailed("the client is not open")
        try:
            async with self._session.post(
                self._url, json={"number": e164}, allow_redirects=False
            ) as response:
                if response.status == 404:
                    return []
                if response.status != 200:
                    raise CrmFailed(f"it answered with status {response.status}")
                body = await _read_limited(response)
        except TimeoutError:
            raise CrmFailed("it did not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CrmFailed(f"it cannot be reached: {type(error).__name__}") from None
        try:
            return _decoder.decode(body).customers
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CrmFailed("its answer is not what was agreed") from None

    def _cleaned(self, customer: CrmCustomer) -> CrmCustomer:
        numbers = [parse_e164(raw, self._region) for raw in customer.numbers]
        reference = printable(customer.external_ref)
        return msgspec.structs.replace(
            customer,
            external_ref=reference,
            name=printable(customer.name) or reference,
            company=_printable_or_none(customer.company),
            email=_printable_or_none(customer.email),
            note=_printable_or_none(customer.note),
            numbers=[e164 for e164 in dict.fromkeys(numbers) if e164 is not None],
        )


async def _read_limited(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES:
            raise CrmFailed("its answer is too long")
    return bytes(body)


def printable(text: str) -> str:
    """The text without control characters, line breaks kept: PostgreSQL and people take nothing else."""
    return "".join(c for c in text if c.isprintable() or c == "\n").strip()


def _printable_or_none(text: str | None) -> str | None:
    return None if text is None else printable(text) or None
