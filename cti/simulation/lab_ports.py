"""Ports of laboratories and loads that run side by side on one machine."""

import socket
from dataclasses import dataclass

HOST = "127.0.0.1"
FIRST_EXTENSION = 1001
#: Each laboratory takes one block of ports: trunk, carrier, AMI, SIP, then one for each phone.
_BLOCK = 600
_FIRST_PORT = 20000
_LAST_PORT = 32000
_RTP_FIRST = 33000
#: So many more are for its audio.
RTP_PORTS = 1500


@dataclass(frozen=True, kw_only=True)
class LabPorts:
    """The ports of one laboratory; the held socket keeps the block from others until it is closed."""

    base: int
    guard: socket.socket

    @property
    def sip(self) -> int:
        """Asterisk's SIP port."""
        return self.base + 1

    @property
    def ami(self) -> int:
        """Asterisk's AMI port."""
        return self.base + 2

    @property
    def agi(self) -> int:
        """The port at which the dialplan looks for the service's FastAGI server."""
        return self.base + 3

    @property
    def carrier(self) -> int:
        """Where calls to the trunk go."""
        return self.base + 4

    @property
    def http(self) -> int:
        """A port for the service's HTTP server."""
        return self.base + 5

    @property
    def first_rtp(self) -> int:
        """The first of `RTP_PORTS` for Asterisk's audio."""
        return _RTP_FIRST + (self.base - _FIRST_PORT) // _BLOCK * RTP_PORTS

    def trunk(self, number: int) -> int:
        """One of the ports from which calls of the trunk come."""
        return self.base + 10 + number

    def phone(self, extension: int) -> int:
        """The port of a simulated phone."""
        return self.base + 30 + (extension - FIRST_EXTENSION)


def take_ports() -> LabPorts:
    """A block of ports that no other laboratory on this machine uses now."""
    base, guard = take_block(range(_FIRST_PORT, _LAST_PORT, _BLOCK))
    return LabPorts(base=base, guard=guard)


def take_block(bases: range) -> tuple[int, socket.socket]:
    """The first of these ports that nobody on this machine has taken, with the socket that keeps it from
    others, and so the block of ports that it begins, until it is closed.

    Raises:
        OSError: all are taken.
    """
    for base in bases:
        guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            guard.bind((HOST, base))
            guard.listen(1)
        except OSError:
            guard.close()
            continue
        return base, guard
    raise OSError(f"all blocks of ports from {bases.start} to {bases.stop} are taken")
