"""The numbers outside that agents have dialled, from the click on.

An agent's own phone rings first. Until there is a channel to the network, Asterisk tells of a call to his
phone and not for whom it is made: to the board it is an internal call, from whatever number his phone shows.
"""

from cti.calls.model import Call, Direction


class DialledNumbers:
    """Of each agent the last number, by the channel with which its call begins."""

    def __init__(self) -> None:
        self._channels: dict[int, str] = {}
        self._numbers: dict[str, str] = {}

    def note(self, agent_id: int, channel_id: str, number: str) -> None:
        """The agent dials a number; ``channel_id`` will be the Uniqueid of the channel to his phone."""
        self._numbers.pop(self._channels.get(agent_id, ""), None)
        self._channels[agent_id] = channel_id
        self._numbers[channel_id] = number

    def of(self, call: Call) -> str | None:
        """For whom the call is made, as long as the board does not know; None for every other call."""
        if call.direction is not Direction.INTERNAL:
            return None
        return next((self._numbers[one] for one in call.linkedids if one in self._numbers), None)
