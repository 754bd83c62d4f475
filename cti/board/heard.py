"""How far Asterisk has been heard."""

import msgspec


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Where the events stopped to come. Instants are epoch seconds of Asterisk's clock."""

    #: The instant of the last event before the present gap, or of the last at all; None before the first.
    until: float | None
    #: The boot whose calls the board has now; empty before the first.
    boot: str
    #: The boot whose event that was. Asterisk may be met anew, and be lost again, before the gap is closed.
    last_boot: str
    #: When the present boot began, up to a second too late; None when nobody said.
    boot_started_at: float | None
    #: When the present boot was met; None when nobody said. What it had done before was told then.
    boot_met_at: float | None
