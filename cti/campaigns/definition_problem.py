"""One thing that is wrong with a campaign's definition."""

import msgspec

#: A word's place in the definition: `("window", "to")`.
Path = tuple[str | int, ...]


class DefinitionProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and where; ``code`` is one of the catalogue of problems."""

    path: Path
    code: str
    params: dict[str, str] = {}
