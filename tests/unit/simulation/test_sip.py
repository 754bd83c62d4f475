"""The simulated phones' SIP is SIP."""

from cti.simulation.sip import (
    Message,
    digest_answer,
    media_address,
    parse,
    session_description,
    tag_of,
    user_of,
)


def test_a_message_survives_being_written_and_read() -> None:
    message = Message(method="INVITE", uri="sip:1001@127.0.0.1", body="v=0\r\n")
    message.headers = [("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"), ("CSeq", "7 INVITE"), ("i", "abc")]
    read = parse(message.encode())
    assert read is not None
    assert (read.method, read.uri, read.cseq, read.branch) == (
        "INVITE",
        "sip:1001@127.0.0.1",
        (7, "INVITE"),
        "z9hG4bK1",
    )
    assert (read.call_id, read.body) == ("abc", "v=0\r\n")


def test_noise_is_no_message() -> None:
    assert parse(b"\r\n\r\n") is None
    assert parse(b"\x00\xff") is None
    assert parse(b"GET / HTTP/1.1\r\n\r\n") is None


def test_the_digest_of_the_rfc() -> None:
    challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    answer = digest_answer(
        challenge, user="Mufasa", password="Circle Of Life", method="GET",
        uri="/dir/index.html", nonce_count=1,
    )  # fmt: skip
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in answer


def test_audio_addresses_are_found() -> None:
    sdp = session_description(host="127.0.0.1", port=4000, version=1, direction="sendonly")
    assert media_address(sdp) == ("127.0.0.1", 4000)
    assert media_address("v=0\r\n") is None
    assert tag_of("<sip:a@b>;tag=xyz") == "xyz"
    assert user_of("sip:1001@127.0.0.1:5060") == "1001"
