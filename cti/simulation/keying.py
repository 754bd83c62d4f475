"""Callers who key digits with sipp in each of the three ways: RTP events (RFC 4733), tones in the audio, and
SIP INFO. What they send is made here.
"""

import asyncio
import math
import shutil
import struct
from collections.abc import Sequence
from pathlib import Path

from cti.simulation.lab import Lab
from cti.simulation.lab_ports import HOST
from cti.simulation.load import LoadFailed
from cti.simulation.rtp import encode_ulaw

SCENARIO = Path(__file__).parent / "scenarios" / "keying_caller.xml"
_LONGEST_SECONDS = 60.0
KEYS = "0123456789*#"
#: When after the answer, in seconds, and which key.
Script = Sequence[tuple[float, str]]

_LOW = (697, 770, 852, 941)
_HIGH = (1209, 1336, 1477)
_TONES = {key: (_LOW[n // 3], _HIGH[n % 3]) for n, key in enumerate("123456789*0#")}
_TONE_SECONDS = 0.12
#: Callers from different ports of the trunk need not know of each other.
_FIRST_MEDIA_PORT = 26000
_MEDIA_PORTS = 100
_EVENTS = "m=audio [media_port] RTP/AVP 0 101\n" + "\n".join(
    f"      {line}"
    for line in ("a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20")
)
_NO_EVENTS = "m=audio [media_port] RTP/AVP 0\n      a=rtpmap:0 PCMU/8000\n      a=ptime:20"


def events(folder: Path, script: Script) -> tuple[str, str]:
    """(media, keys) of a caller whose phone sends RTP events."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    sequence = 0
    for at, key in script:
        for slot, duration, end in [(n, 160 * (n + 1), 0) for n in range(5)] + [(5, 800, 0x80)] * 3:
            sequence += 1
            head = struct.pack(
                "!BBHII", 0x80, 101 | (0 if slot else 0x80), sequence, 8000 + round(8000 * at), 22
            )
            rtp = head + struct.pack("!BBH", KEYS.index(key), end | 10, duration)
            udp = struct.pack("!HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
            ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0x7F000001, 0x7F000001)
            frame = bytes(12) + b"\x08\x00" + ip + udp
            moment = round(at * 1_000_000) + slot * 20_000 + sequence % 8
            out += (
                struct.pack("<IIII", moment // 1_000_000, moment % 1_000_000, len(frame), len(frame)) + frame
            )
    (folder / "keys.pcap").write_bytes(out)
    first = round(script[0][0] * 1000)
    play = '<nop><action><exec play_pcap_audio="keys.pcap"/></action></nop>'
    return _EVENTS, f'<pause milliseconds="{first}"/>{play}'


def tones(folder: Path, script: Script) -> tuple[str, str]:
    """(media, keys) of a caller whose phone knows no events: the tones are in his voice."""
    samples = [0] * round(8000 * (script[-1][0] + 30))
    for at, key in script:
        low, high = _TONES[key]
        for n in range(round(8000 * _TONE_SECONDS)):
            turn = 2 * math.pi * n / 8000
            samples[round(8000 * at) + n] = round(7000 * (math.sin(low * turn) + math.sin(high * turn)))
    (folder / "keys.ulaw").write_bytes(bytes(map(encode_ulaw, samples)))
    return _NO_EVENTS, '<nop><action><exec rtp_stream="keys.ulaw,1,0"/></action></nop>'


def info(_folder: Path, script: Script) -> tuple[str, str]:
    """(media, keys) of a caller whose phone sends SIP INFO."""
    parts, now = [], 0.0
    for number, (at, key) in enumerate(script, 2):
        parts.append(f'<pause milliseconds="{max(round((at - now) * 1000), 1)}"/>')
        now = at
        parts.append(
            f"""<send retrans="500"><![CDATA[
      INFO [next_url] SIP/2.0
      Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
      From: <sip:13800138000@[local_ip]:[local_port]>;tag=[pid]-[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: {number} INFO
      Max-Forwards: 70
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal={key}
      Duration=120
    ]]></send><recv response="200"/>"""
        )
    return _EVENTS, "".join(parts)


WAYS = {"events": events, "tones": tones, "info": info}


async def keying_callers(
    lab: Lab,
    folder: Path,
    way: str,
    script: Script,
    *,
    dnis: str = "4001",
    calls: int = 1,
    per_second: float = 10.0,
    trunk: int = 2,
) -> None:
    """So many calls, each from its beginning until it is hung up on; files go into ``folder``.

    Raises:
        LoadFailed: sipp is not installed, or a call went otherwise.
    """
    sipp = shutil.which("sipp")
    if sipp is None:
        raise LoadFailed("sipp is not installed; `make test` installs it (package sip-tester)")
    await asyncio.to_thread(_prepare, folder, way, script)
    process = await asyncio.create_subprocess_exec(
        sipp, f"{HOST}:{lab.plan.sip_port}", "-sf", "keying.xml", "-i", HOST, "-mi", HOST,
        "-p", str(lab.ports.trunk(trunk)), "-mp", str(_FIRST_MEDIA_PORT + _MEDIA_PORTS * trunk),
        "-s", dnis, "-nostdin",
        "-m", str(calls), "-l", str(calls), "-r", f"{per_second:g}",
        "-trace_err", "-error_file", "errors.log",
        cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_LONGEST_SECONDS + script[-1][0] + calls / per_second):
            status = await process.wait()
    except TimeoutError:
        raise LoadFailed("sipp: calls were not hung up on") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0:
        errors = await asyncio.to_thread(_errors, folder)
        raise LoadFailed(f"sipp ended with {status}: {errors}")


def _prepare(folder: Path, way: str, script: Script) -> None:
    media, keys = WAYS[way](folder, script)
    text = SCENARIO.read_text(encoding="utf-8").replace("@media@", media).replace("@keys@", keys)
    (folder / "keying.xml").write_text(text, encoding="utf-8")


def _errors(folder: Path) -> str:
    log = folder / "errors.log"
    return log.read_text(encoding="utf-8", errors="replace")[-800:] if log.exists() else "it said nothing"
