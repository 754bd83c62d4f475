"""A call that an agent makes with a click is one to outside from the moment in which his own phone rings."""

from cti.agents.dialled_numbers import DialledNumbers
from cti.asterisk.events import encode, parse
from cti.board.board import Board
from cti.calls.model import Call, Direction

AT = 1_800_000_000.0
NUMBER, OTHER = "+8613900139000", "+8613900139001"
ANN, BOB = 1, 2


class Exchange:
    """A board on which phones are rung."""

    def __init__(self) -> None:
        self._board = Board("lab")

    def rings(self, uniqueid: str, phone: str = "PJSIP/1001") -> Call:
        """Asterisk rings the phone from which a call will go on; the call."""
        self._tell(
            "Newchannel", Uniqueid=uniqueid, Linkedid=uniqueid, Channel=f"{phone}-00000001", ChannelState="0",
            Context="phones", Exten="s", CallerIDNum="861065529988",
        )  # fmt: skip
        leg = self._board.leg_of(uniqueid)
        assert leg is not None
        call = self._board.call(leg.call_id)
        assert call is not None
        return call

    def goes_out(self, uniqueid: str, number: str) -> None:
        """The phone was picked up, and the network is asked for the number."""
        channel = {"Channel": "PJSIP/trunk-00000002", "ChannelState": "0", "Context": "inbound"}
        self._tell("Newchannel", Uniqueid=f"{uniqueid}.out", Linkedid=uniqueid, **channel)
        self._tell(
            "DialBegin", Uniqueid=uniqueid, DestUniqueid=f"{uniqueid}.out", DestLinkedid=uniqueid,
            DialString=f"{number}@trunk",
        )  # fmt: skip

    def _tell(self, name: str, **headers: str) -> None:
        self._board.apply(parse(encode(name, AT, **headers)))


def test_the_number_is_known_while_the_agents_own_phone_rings_and_is_the_boards_afterwards() -> None:
    exchange, dialled = Exchange(), DialledNumbers()
    dialled.note(ANN, "at-1", NUMBER)
    call = exchange.rings("at-1")
    assert (call.direction, call.caller_number) == (Direction.INTERNAL, "861065529988")
    assert dialled.of(call) == NUMBER
    exchange.goes_out("at-1", NUMBER)
    assert (call.direction, call.dialled_number) == (Direction.OUTBOUND, NUMBER)
    assert dialled.of(call) is None


def test_each_agent_has_the_number_that_he_dialled_last_and_other_calls_have_none() -> None:
    exchange, dialled = Exchange(), DialledNumbers()
    dialled.note(ANN, "at-1", NUMBER)
    dialled.note(BOB, "at-2", OTHER)
    first, of_bob = exchange.rings("at-1"), exchange.rings("at-2", "PJSIP/1002")
    dialled.note(ANN, "at-3", OTHER)
    assert dialled.of(first) is None
    assert dialled.of(of_bob) == OTHER
    assert dialled.of(exchange.rings("at-3")) == OTHER
    assert dialled.of(exchange.rings("dial-4")) is None
