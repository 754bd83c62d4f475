"""Where the demonstration's parts listen, and what stops it."""

import os
import socket
from dataclasses import dataclass

from cti import config
from cti.errors import CtiError

HOST = "127.0.0.1"


class DemoFailed(CtiError):  # noqa: N818
    """The demonstration could not go on."""

    code = "demo.failed"


@dataclass(frozen=True, kw_only=True)
class DemoPorts:
    """The ports of this run: the usual ones where they are free, others where somebody has them."""

    ami: int
    agi: int
    sip: int
    http: int
    trunk: int
    carrier: int
    phones: int

    @classmethod
    def choose(cls, *, phones: int) -> "DemoPorts":
        """Look for free ports, for so many phones too; one that the operator has set is taken as it is.

        Raises:
            DemoFailed: somebody listens at a port that the operator has set.
        """
        settings = config.Settings.model_fields

        def tcp(name: str) -> int:
            usual = settings[name].default
            if config.given(name):
                usual = int(os.environ[f"{config.PREFIX}{name.upper()}"])
                if not _free(usual, socket.SOCK_STREAM):
                    raise DemoFailed(
                        f"{config.PREFIX}{name.upper()}={usual}: somebody listens there already."
                    )
                return usual
            return next(port for port in range(usual, usual + 500) if _free(port, socket.SOCK_STREAM))

        def udp(usual: int, count: int = 1) -> int:
            return next(
                first
                for first in range(usual, usual + 5000, count)
                if all(_free(port, socket.SOCK_DGRAM) for port in range(first, first + count))
            )

        return cls(
            ami=tcp("ami_port"), agi=tcp("agi_port"), http=tcp("http_port"),
            sip=udp(5060), trunk=udp(5080), carrier=udp(5090), phones=udp(15001, phones),
        )  # fmt: skip


def _free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
