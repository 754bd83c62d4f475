"""What a command that was given files tells of them."""

import msgspec


class CommandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is told, and whether it went well."""

    good: bool
    lines: list[str]
