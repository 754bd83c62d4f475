"""What the service tells Asterisk to do, each as a plain function over a connection.

Every argument is held against a strict pattern first, and what does not fit is refused by the field's name:
a value from outside never reaches AMI. What a call or an agent then is comes back as events only. All
raise, as `AmiConnection.action` does: `InvalidField`, `AmiNotConnected`, `ActionRefused`,
`ActionUnanswered`.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from cti.asterisk.connection import AmiConnection
from cti.errors import ActionRefused, InvalidField

#: Normal call clearing.
NORMAL_CLEARING: Final = 16
#: How much longer than its ringing an Originate may take to report.
_ORIGINATE_SLACK_SECONDS: Final = 5.0

_PATTERNS: Final = {
    #: An agent's phone, or a Local channel that leads to it.
    "Interface": re.compile(
        r"PJSIP/[A-Za-z0-9_.-]{1,80}|Local/[0-9A-Za-z_.-]{1,80}@[A-Za-z0-9_-]{1,79}(/n)?"
    ),
    "Channel": re.compile(r"[A-Za-z][A-Za-z0-9]*/[A-Za-z0-9_.+*#@:;/-]{1,160}"),
    "Exten": re.compile(r"[0-9*#+A-Za-z_-]{1,40}"),
    "Context": re.compile(r"[A-Za-z0-9_-]{1,79}"),
    "Queue": re.compile(r"[A-Za-z0-9_-]{1,79}"),
    "Reason": re.compile(r"[a-z0-9][a-z0-9_-]{0,63}"),
    "Dial": re.compile(
        r"PJSIP/[A-Za-z0-9_.+*#-]{1,80}(@[A-Za-z0-9_.-]{1,80})?|Local/[0-9*#+A-Za-z_-]{1,40}@[A-Za-z0-9_-]{1,79}(/n)?"
    ),
    "ChannelId": re.compile(r"[A-Za-z0-9_.-]{1,128}"),
    "CallerIDNum": re.compile(r"\+?[0-9]{1,20}"),
    "Variable": re.compile(r"_{0,2}[A-Z][A-Z0-9_]{0,62}"),
    "Value": re.compile(r"[A-Za-z0-9_.:+-]{0,128}"),
    "SipHeader": re.compile(r"X-CTI-[A-Za-z]{1,32}"),
}


class OriginateOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What OriginateResponse said: whether the channel answered, Asterisk's reason code, and its Uniqueid."""

    answered: bool
    reason: int | None
    uniqueid: str


async def queue_add(
    ami: AmiConnection, *, queue: str, interface: str, agent_id: int, paused: bool, reason: str = "signed-in"
) -> bool:
    """Makes the agent's device a member of the queue. Returns False when it already was one."""
    fields = {
        "Queue": _fits("Queue", queue),
        "Interface": _fits("Interface", interface),
        "MemberName": f"agent-{_agent(agent_id)}",
        "Paused": _flag(paused),
        "Reason": _fits("Reason", reason),
    }
    return await _unless(ami, "QueueAdd", fields, "already there")


async def queue_remove(ami: AmiConnection, *, queue: str, interface: str) -> bool:
    """Takes the device out of the queue. Returns False when it was no member."""
    fields = {"Queue": _fits("Queue", queue), "Interface": _fits("Interface", interface)}
    return await _unless(ami, "QueueRemove", fields, "not there")


async def queue_pause(
    ami: AmiConnection, *, interface: str, paused: bool, reason: str | None, queue: str | None = None
) -> None:
    """Pauses or unpauses the device in one queue, or in all that it is a member of."""
    fields = {"Interface": _fits("Interface", interface), "Paused": _flag(paused)}
    if reason is not None:
        fields["Reason"] = _fits("Reason", reason)
    if queue is not None:
        fields["Queue"] = _fits("Queue", queue)
    await ami.action("QueuePause", fields)


async def hang_up(ami: AmiConnection, *, channel: str, cause: int = NORMAL_CLEARING) -> None:
    """Hangs up one channel."""
    if not 1 <= cause <= 127:
        raise InvalidField("Cause", f"{cause} is no hang-up cause")
    await ami.action("Hangup", {"Channel": _fits("Channel", channel), "Cause": str(cause)})


async def blind_transfer(ami: AmiConnection, *, channel: str, context: str, exten: str) -> None:
    """Sends whoever talks with ``channel`` to the extension; ``channel`` is hung up."""
    await ami.action("BlindTransfer", _target(channel, context, exten))


async def attended_transfer(ami: AmiConnection, *, channel: str, context: str, exten: str) -> None:
    """Holds whoever talks with ``channel`` and calls the extension. To complete, hang up ``channel``."""
    await ami.action("Atxfer", _target(channel, context, exten))


async def cancel_attended_transfer(ami: AmiConnection, *, channel: str) -> None:
    """Gives the consultation up and goes back to the held party."""
    await ami.action("CancelAtxfer", {"Channel": _fits("Channel", channel)})


async def phone_hold(phone_ami: AmiConnection, *, channel: str) -> None:
    """Asks the phone to hold (NOTIFY in its dialog, `Event: hold`). A Hold event follows if it does.

    ``phone_ami`` is the connection of the AMI user whose only right is this: it has the class system, with
    which an Originate could run a program, so it must have no right to originate.
    """
    await _notify(phone_ami, channel, "hold")


async def phone_talk(phone_ami: AmiConnection, *, channel: str) -> None:
    """Asks the phone to answer or to resume (`Event: talk`). Newstate or Unhold follows if it does."""
    await _notify(phone_ami, channel, "talk")


async def originate(
    ami: AmiConnection,
    *,
    dial: str,
    context: str,
    exten: str,
    channel_id: str,
    other_channel_id: str | None = None,
    caller_number: str | None = None,
    ring_seconds: int = 30,
    variables: Mapping[str, str] | None = None,
    sip_headers: Mapping[str, str] | None = None,
    action_id: str | None = None,
) -> OriginateOutcome:
    """Calls ``dial`` and, once it answers, sends it to the extension. Returns when it answered or did not.

    ``channel_id`` becomes the channel's Uniqueid, ``other_channel_id`` that of a Local channel's second half.
    ``variables`` and ``sip_headers`` (of the INVITE) hold opaque ids only: Asterisk would carry out functions
    in them. ``action_id`` is for who must know the action again; it is unguessable.
    """
    if not 1 <= ring_seconds <= 600:
        raise InvalidField("Timeout", f"{ring_seconds} s is not between 1 and 600")
    fields = [
        ("Channel", _fits("Dial", dial)),
        ("Context", _fits("Context", context)),
        ("Exten", _fits("Exten", exten)),
        ("Priority", "1"),
        ("Timeout", str(ring_seconds * 1000)),
        ("ChannelId", _fits("ChannelId", channel_id)),
        ("Async", "true"),
    ]
    if other_channel_id is not None:
        fields.append(("OtherChannelId", _fits("ChannelId", other_channel_id)))
    if caller_number is not None:
        fields.append(("CallerID", f"<{_fits('CallerIDNum', caller_number)}>"))
    for name, value in (variables or {}).items():
        fields.append(("Variable", f"{_fits('Variable', name)}={_fits('Value', value)}"))
    for name, value in (sip_headers or {}).items():
        function = f"PJSIP_HEADER(add,{_fits('SipHeader', name)})"
        fields.append(("Variable", f"{function}={_fits('Value', value)}"))
    event = await ami.action_until(
        "Originate",
        fields,
        "OriginateResponse",
        deadline=ring_seconds + _ORIGINATE_SLACK_SECONDS,
        action_id=action_id,
    )
    reason = event.get("Reason")
    return OriginateOutcome(
        answered=event.get("Response") == "Success",
        reason=int(reason) if reason.isascii() and reason.isdigit() else None,
        uniqueid=event.get("Uniqueid"),
    )


async def ping(ami: AmiConnection) -> None:
    """Returns when Asterisk has answered."""
    await ami.action("Ping")


async def _notify(ami: AmiConnection, channel: str, event: str) -> None:
    await ami.action("PJSIPNotify", {"Channel": _fits("Channel", channel), "Variable": f"Event={event}"})


async def _unless(ami: AmiConnection, action: str, fields: dict[str, str], known: str) -> bool:
    try:
        await ami.action(action, fields)
    except ActionRefused as error:
        if known in error.message.lower():
            return False
        raise
    return True


def _target(channel: str, context: str, exten: str) -> dict[str, str]:
    return {
        "Channel": _fits("Channel", channel),
        "Context": _fits("Context", context),
        "Exten": _fits("Exten", exten),
    }


def _fits(field: str, value: str) -> str:
    if not _PATTERNS[field].fullmatch(value):
        raise InvalidField(field, f"{value[:80]!r} is not allowed")
    return value


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _agent(agent_id: int) -> int:
    if agent_id <= 0:
        raise InvalidField("MemberName", f"{agent_id} is no agent's id")
    return agent_id
