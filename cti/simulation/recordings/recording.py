"""One recorded call: how it is played, and what laboratory it needs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver

CALLER = "13800138000"


@dataclass(frozen=True)
class Recording:
    """A call that is played in a laboratory of its own with three phones, 1001 to 1003.

    Agents 1 to 3 sit at them. ``play`` returns when the parties are done; ``plan`` are fields of AsteriskPlan
    that differ from a laboratory's usual ones.
    """

    play: Callable[[Lab, AmiObserver], Awaitable[None]]
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What its files are called."""
        return self.play.__name__

    @property
    def shape(self) -> str:
        """What happens in it, in one sentence."""
        return " ".join((self.play.__doc__ or "").split())


async def talking(ami: AmiObserver) -> None:
    """Wait until an agent is connected and paused for his wrap-up."""
    await ami.expect("QueueMemberPause", PausedReason="wrap-up")


async def agent_channel(ami: AmiObserver) -> str:
    """The channel of the agent who is connected next."""
    return str((await ami.expect("AgentConnect"))["DestChannel"])
