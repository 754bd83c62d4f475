"""What a flow passes on with a caller, as it stands in the journal and in the record."""

import msgspec

from cti.flows.actions import PassedValue


def read_passed(text: str | None) -> list[PassedValue]:
    """The values; none of a text that is not ours, such as a trace's."""
    if not text:
        return []
    try:
        return msgspec.json.decode(text, type=list[PassedValue])
    except msgspec.DecodeError:
        return []
