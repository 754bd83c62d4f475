"""With what an outbound flow begins."""

import msgspec

from cti.campaigns.model import DialledContact
from cti.ivr.sessions.dialled_person import beginning

LI = DialledContact(
    campaign="autumn", queue="sales", contact_id=7, phone="+8613800138000", name="李华", language="en",
    customer_id=12, details={"product": "日报", "queue": "renewals", "secret": "x"},
)  # fmt: skip
INPUTS = {"answered_by": "person", "language": "zh-CN", "queue": "any", "product": "paper", "name": None}


def test_a_flow_gets_those_of_its_inputs_that_are_known_and_nothing_else() -> None:
    data = beginning(LI, number=LI.phone, language="en", answered_by="unknown", inputs=INPUTS)
    assert data == {
        "call.number": "+8613800138000", "call.dialled": "+8613800138000", "call.campaign": "autumn",
        "answered_by": "unknown", "language": "en", "queue": "renewals", "product": "日报", "name": "李华",
    }  # fmt: skip


def test_no_column_of_a_file_says_whom_the_call_is_with() -> None:
    forged = msgspec.structs.replace(LI, details={"call.number": "+8613900139000"})
    inputs = {"call.number": "+8613800138011"}
    data = beginning(forged, number=LI.phone, language="en", answered_by="person", inputs=inputs)
    assert data["call.number"] == LI.phone


def test_of_whom_nothing_is_known_there_is_what_the_call_says() -> None:
    data = beginning(None, number="+8613800138000", language="zh-CN", answered_by="machine", inputs=INPUTS)
    assert data == {
        "call.number": "+8613800138000", "call.dialled": "+8613800138000",
        "answered_by": "machine", "language": "zh-CN",
    }  # fmt: skip
    assert (
        beginning(None, number=None, language="en", answered_by="person", inputs={"machine"})["machine"]
        == "message"
    )


def test_only_the_campaign_says_after_what_it_calls_again() -> None:
    forged = msgspec.structs.replace(LI, details={"again.later": "yes", "again.no_time": "yes"})
    inputs = {"again.later": False, "again.no_time": False}
    given = {"number": LI.phone, "language": "en", "answered_by": "person", "inputs": inputs}
    assert not inputs.keys() & beginning(forged, **given).keys()
    called = msgspec.structs.replace(forged, again=("later", "unasked"))
    data = beginning(called, **given)
    assert {name: data[name] for name in inputs if name in data} == {"again.later": True}
    assert "again.later" not in beginning(None, **given)
