"""What the messages of a dialog say of its ends and of the way between them (RFC 3261, 12 and 17.1.1.3)."""

import pytest

from cti.simulation.dialog import Dialog
from cti.simulation.sip import Message, tag_of

HERE = ("127.0.0.1", 5081)


@pytest.fixture
def begun() -> Dialog:
    """One whose INVITE was sent."""
    dialog = Dialog(HERE, "call-1")
    dialog.begin('"Wang" <sip:138@127.0.0.1:5081>', "<sip:4001@127.0.0.1:5060>")
    dialog.invite = dialog.request("INVITE", body="v=0\r\n")
    return dialog


def answer_to(invite: Message, status: int, **headers: str) -> Message:
    given = [("To", f"{invite.get('To')};tag=theirs"), ("CSeq", invite.get("CSeq")), *headers.items()]
    return Message(status=status, headers=given)


def test_what_is_accepted_goes_on_where_the_answer_says(begun: Dialog) -> None:
    answer = answer_to(begun.invite, 200, Contact="<sip:asterisk@127.0.0.2:5060>")
    answer.headers += [("Record-Route", "<sip:near>"), ("Record-Route", "<sip:far>")]
    begun.settle(answer)
    ack, bye = begun.acknowledgement(answer), begun.request("BYE")
    assert [message.uri for message in (ack, bye)] == ["sip:asterisk@127.0.0.2:5060"] * 2
    assert [message.cseq for message in (begun.invite, ack, bye)] == [(2, "INVITE"), (2, "ACK"), (3, "BYE")]
    assert bye.all("Route") == ["<sip:far>", "<sip:near>"]
    assert tag_of(bye.get("To")) == tag_of(ack.get("To")) == "theirs"
    assert bye.get("From") == begun.invite.get("From")
    assert len({message.branch for message in (begun.invite, ack, bye)}) == 3


def test_a_refusal_is_acknowledged_within_the_transaction_of_the_invite(begun: Dialog) -> None:
    answer = answer_to(begun.invite, 486)
    begun.settle(answer)
    ack = begun.acknowledgement(answer)
    assert (ack.uri, ack.branch) == (begun.invite.uri, begun.invite.branch)
    assert ack.get("To") == answer.get("To")


def test_an_invite_is_taken_back_within_its_transaction(begun: Dialog) -> None:
    cancel = begun.cancel()
    assert (cancel.uri, cancel.branch) == (begun.invite.uri, begun.invite.branch)
    assert cancel.cseq == (2, "CANCEL")
    assert (cancel.get("To"), cancel.call_id) == (begun.invite.get("To"), "call-1")


def test_who_was_invited_answers_under_a_tag_of_his_own() -> None:
    invite = Message(method="INVITE", uri="sip:1001@127.0.0.1:5081")
    invite.headers = [
        ("From", "<sip:138@127.0.0.1>;tag=theirs"), ("To", "<sip:1001@127.0.0.1>"),
        ("Contact", "<sip:asterisk@127.0.0.1:5060>"), ("Record-Route", "<sip:near>"),
    ]  # fmt: skip
    dialog = Dialog(HERE, "call-2")
    dialog.accept(invite)
    bye = dialog.request("BYE")
    assert bye.uri == "sip:asterisk@127.0.0.1:5060"
    assert bye.get("To") == invite.get("From")
    assert bye.get("From").startswith("<sip:1001@127.0.0.1>;tag=")
    assert bye.all("Route") == ["<sip:near>"]
