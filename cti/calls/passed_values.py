"""What a flow passes on with a caller, as it stands in the journal and in the record."""

from cti.calls.carried_text import read_carried
from cti.flows.actions import PassedValue


def read_passed(text: str | None) -> list[PassedValue]:
    """The values; none of a text that is not ours, such as a trace's."""
    return read_carried(text, list[PassedValue]) or []
