"""What a segment gives back when its bytes were cut, flipped or overwritten."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.errors import JournalError
from cti.journal.record import (
    LONGEST_PAYLOAD,
    MARKER,
    SEGMENT_HEADER_BYTES,
    Damage,
    SegmentScan,
    encode_record_header,
    encode_segment_header,
)

FIRST = 41
PAYLOADS = [
    b"Event: Hangup\r\n\r\n",
    b"",
    b"x" * 300,
    "王".encode() * 5,
    b"Event: Hold\r\nUniqueid: n-1.2\r\n\r\n",
]


def segment(payloads: list[bytes] = PAYLOADS) -> bytes:
    records = [encode_record_header(FIRST + n, payload) + payload for n, payload in enumerate(payloads)]
    return encode_segment_header(FIRST) + b"".join(records)


def boundaries() -> list[int]:
    """The offset after the header and after each record."""
    ends = [SEGMENT_HEADER_BYTES]
    for payload in PAYLOADS:
        ends.append(ends[-1] + len(encode_record_header(1, payload)) + len(payload))
    return ends


def scan(
    data: bytes, *, is_last: bool = True, step: int | None = None
) -> tuple[list[tuple[int, bytes]], SegmentScan]:
    file = io.BytesIO(data)
    reader = SegmentScan(
        file.read if step is None else lambda _: file.read(step), segment="s", first=FIRST, is_last=is_last
    )
    return list(reader), reader


NUMBERED = [(FIRST + number, payload) for number, payload in enumerate(PAYLOADS)]


def test_every_record_comes_back_in_order_with_its_position() -> None:
    records, reader = scan(segment())
    assert records == NUMBERED
    assert reader.damage == []
    assert reader.end == len(segment())
    assert reader.last == FIRST + len(PAYLOADS) - 1


@pytest.mark.parametrize("step", [1, 7, 50])
def test_records_that_lie_across_two_reads_come_back_whole(step: int) -> None:
    assert scan(segment(), step=step)[0] == NUMBERED


def test_cut_at_any_byte_every_whole_record_before_it_comes_back() -> None:
    whole = segment()
    ends = boundaries()
    for cut in range(len(whole)):
        records, reader = scan(whole[:cut])
        complete = sum(1 for end in ends[1:] if end <= cut)
        assert records == NUMBERED[:complete]
        if cut in ends or cut == 0:
            assert reader.damage == []
        else:
            (damage,) = reader.damage
            assert damage.torn
            assert damage.position == FIRST + complete
            assert damage.offset == (ends[complete] if cut >= SEGMENT_HEADER_BYTES else 0)


@given(
    offset=st.integers(0, len(segment()) - 1), bits=st.integers(1, 255), step=st.sampled_from([None, 1, 64])
)
def test_any_flipped_byte_costs_at_most_one_record_and_is_reported(
    offset: int, bits: int, step: int | None
) -> None:
    data = bytearray(segment())
    data[offset] ^= bits
    records, reader = scan(bytes(data), is_last=False, step=step)
    hit = sum(1 for end in boundaries() if end <= offset) - 1
    expected = [record for number, record in enumerate(NUMBERED) if number != hit]
    assert records == expected
    (damage,) = reader.damage
    assert damage.offset <= offset < damage.offset + damage.size
    assert damage.lost == (None if hit == len(PAYLOADS) - 1 else int(hit >= 0))
    assert not damage.torn


@given(start=st.integers(0, len(segment())), noise=st.binary(max_size=200))
def test_a_stretch_overwritten_with_anything_never_breaks_the_reader(start: int, noise: bytes) -> None:
    data = segment()
    damaged = data[:start] + noise + data[start + len(noise) :]
    records, _ = scan(damaged)
    assert set(records) <= set(NUMBERED)


@given(st.binary(max_size=400))
def test_bytes_that_never_were_a_segment_give_nothing(noise: bytes) -> None:
    assert scan(noise)[0] == []
    assert scan(encode_segment_header(FIRST) + noise)[0] == []


def test_after_a_destroyed_stretch_of_several_chunks_the_next_record_is_found() -> None:
    records = [encode_record_header(FIRST + n, p) + p for n, p in enumerate([b"a", b"b"])]
    hole = bytes(3 * 1024 * 1024 + 5)
    data = encode_segment_header(FIRST) + records[0] + hole + records[1]
    found, reader = scan(data)
    assert found == [(FIRST, b"a"), (FIRST + 1, b"b")]
    assert reader.damage == [
        Damage(
            segment="s",
            offset=SEGMENT_HEADER_BYTES + len(records[0]),
            size=len(hole),
            position=FIRST + 1,
            lost=0,
        )
    ]


def test_a_marker_inside_a_payload_is_no_record() -> None:
    payloads = [b"a" + MARKER * 3 + b"b", MARKER, b"c"]
    assert [payload for _, payload in scan(segment(payloads))[0]] == payloads


def test_a_damaged_length_that_points_far_away_costs_one_record() -> None:
    data = bytearray(segment())
    data[SEGMENT_HEADER_BYTES + 4 : SEGMENT_HEADER_BYTES + 8] = (LONGEST_PAYLOAD - 1).to_bytes(4, "little")
    records, reader = scan(bytes(data))
    assert records == NUMBERED[1:]
    assert reader.damage[0].lost == 1


def test_a_record_written_twice_is_read_once() -> None:
    record = encode_record_header(FIRST, b"a") + b"a"
    records, reader = scan(encode_segment_header(FIRST) + record + record)
    assert records == [(FIRST, b"a")]
    assert len(reader.damage) == 1


def test_a_missing_position_is_reported_although_every_byte_is_valid() -> None:
    records = [encode_record_header(FIRST + n, b"a") + b"a" for n in (0, 3)]
    _, reader = scan(encode_segment_header(FIRST) + b"".join(records))
    assert [(damage.position, damage.lost, damage.size) for damage in reader.damage] == [(FIRST + 1, 2, 0)]


def test_a_segment_of_an_unknown_version_is_refused_loudly() -> None:
    from zlib import crc32

    header = bytearray(encode_segment_header(FIRST)[:-4])
    header[8] = 99
    with pytest.raises(JournalError, match="version 99"):
        scan(bytes(header) + crc32(header).to_bytes(4, "little"))
