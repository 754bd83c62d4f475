"""One recorded call, stamped out as often as a benchmark needs it.

A transcript of a real call is cut into its blocks; everything that tells calls apart (Uniqueids, channel
names, bridge ids, the caller's number, the agent, the device, the instant) is replaced consistently, so
that a thousand copies are a thousand different calls and still exactly what Asterisk sends.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

#: Copy 0 of a call has this in its Uniqueids, copy 1 the next number, and so on.
FIRST_EPOCH = 1_700_000_000
_TIMESTAMP = re.compile(rb"(?<=\r\nTimestamp: )\d+\.\d+")
_UNIQUEID = re.compile(rb"\b[A-Za-z0-9_]+-\d{9,}\.\d+\b")
_CHANNEL = re.compile(rb"\b(?:PJSIP|Local)/[A-Za-z0-9_@-]+?-[0-9a-f]{8}\b")
_BRIDGE = re.compile(rb"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_CALLER = re.compile(rb"(?<=\r\nCallerIDNum: )\+?\d{7,}(?=\r\n)")
_MEMBER = re.compile(rb"(?<=MemberName: )agent-\d+")
_INTERFACE = re.compile(rb"(?<=Interface: )PJSIP/\d+(?=\r\n)")
_MEMBERSHIP = (b"Event: QueueMemberAdded\r", b"Event: QueueMemberRemoved\r", b"Event: Cti")


@dataclass(frozen=True, kw_only=True)
class CallTemplate:
    """The blocks of one call with their offsets in seconds from the first."""

    blocks: list[tuple[float, bytes]]
    uniqueids: list[bytes]
    channels: list[bytes]
    bridges: list[bytes]
    caller: bytes
    member: bytes
    device: bytes

    @property
    def seconds(self) -> float:
        """From the first event to the last."""
        return self.blocks[-1][0]

    def stamp(self, number: int, *, start_at: float, agent: int, caller: bytes) -> list[tuple[float, bytes]]:
        """Copy `number` of the call as (instant, block), taken by an agent on his own device."""
        names: dict[bytes, bytes] = {}
        for index, uniqueid in enumerate(self.uniqueids):
            node = uniqueid.split(b"-")[0]
            names[uniqueid] = b"%s-%d.%d" % (node, FIRST_EPOCH + number, index)
        device = b"PJSIP/%d" % (10_000 + agent)
        for index, channel in enumerate(self.channels):
            stem = channel.rsplit(b"-", 1)[0]
            names[channel] = b"%s-%08x" % (device if stem == self.device else stem, number * 8 + index)
        for index, bridge in enumerate(self.bridges):
            names[bridge] = b"%08x-0000-4000-8000-%012x" % (index, number)
        names[self.caller] = caller
        names[self.member] = b"agent-%d" % agent
        names[self.device] = device
        pattern = re.compile(b"|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))
        stamped = []
        for offset, block in self.blocks:
            instant = start_at + offset
            text = pattern.sub(lambda match: names[match[0]], block)
            stamped.append((instant, _TIMESTAMP.sub(b"%.6f" % instant, text, count=1)))
        return stamped


def load(transcript: Path, *, longest_pause: float = math.inf) -> CallTemplate:
    """Cuts a transcript of one call with one agent into a template, without what is about memberships.

    Pauses between events are cut to ``longest_pause`` seconds.
    """
    raw = transcript.read_bytes()
    blocks = [block + b"\r\n\r\n" for block in raw.split(b"\r\n\r\n") if block.startswith(b"Event: ")]
    blocks = [block for block in blocks if not block.startswith(_MEMBERSHIP)]
    first = next(index for index, block in enumerate(blocks) if block.startswith(b"Event: Newchannel\r"))
    last = max(index for index, block in enumerate(blocks) if block.startswith(b"Event: Hangup\r"))
    blocks = blocks[first : last + 1]
    stamped = [(float(match[0]), block) for block in blocks if (match := _TIMESTAMP.search(block))]
    text = b"".join(blocks)
    offset, before, offsets = 0.0, stamped[0][0], []
    for instant, _ in stamped:
        offset += min(instant - before, longest_pause)
        before = instant
        offsets.append(offset)
    return CallTemplate(
        blocks=[(offset, block) for offset, (_, block) in zip(offsets, stamped, strict=True)],
        uniqueids=list(dict.fromkeys(_UNIQUEID.findall(text))),
        channels=list(dict.fromkeys(_CHANNEL.findall(text))),
        bridges=list(dict.fromkeys(_BRIDGE.findall(text))),
        caller=_CALLER.findall(text)[0],
        member=_MEMBER.findall(text)[0],
        device=_INTERFACE.findall(text)[0],
    )


def living(blocks: list[tuple[float, bytes]], last: bytes) -> list[bytes]:
    """The call's blocks up to the one that it stays at."""
    kept = []
    seen = False
    for _, block in blocks:
        if seen and not block.startswith((b"Event: Bridge", b"Event: QueueMemberStatus")):
            break
        kept.append(block)
        seen = seen or block.startswith(last)
    return kept
