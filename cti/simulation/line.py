"""What a call needs of the simulated phone that it is on."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from cti.simulation.dialog import Address
from cti.simulation.sip import Message


class Line(Protocol):
    """A phone as its calls see it."""

    address: Address
    server: Address
    audio: bool

    def send(self, message: Message) -> None:
        """Send a message once."""

    async def request(
        self, message: Message, provisional: Callable[[Message], None] | None = None
    ) -> Message | None:
        """Send a request until it is answered; None when it never is."""

    def reply(
        self,
        request: Message,
        status: int,
        reason: str,
        *,
        to: str = "",
        contact: bool = False,
        extra: Sequence[tuple[str, str]] = (),
        body: str = "",
    ) -> None:
        """Answer a request, with the phone's own contact when it is asked for, and with ``extra`` headers."""

    def spawn(self, work: Awaitable[None], name: str) -> None:
        """Do something beside."""

    def authorization(self, challenge: Message, method: str, uri: str) -> tuple[str, str]:
        """The header that answers a challenge."""
