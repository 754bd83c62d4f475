"""A random sample that anybody can draw again: of the same population, with the same seed, the same people.

Each member gets a number that follows from the seed and his id alone (SHA-256), and the lowest numbers of
each stratum are drawn. So it does not matter in which order the population is given, nor which version of
which library shuffles. Pure.
"""

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

#: Between seed and id, so that "1" and 23 are not "12" and 3.
_BETWEEN: Final = b"\x00"


class StratumBy(StrEnum):
    """By what a population is divided, so that each part is drawn from as its share is."""

    LANGUAGE = "language"
    #: Firms, and people of whom no firm is known.
    COMPANY = "company"


class Stratum(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the population, and how many of it were drawn."""

    name: str
    population: int
    drawn: int


class SampleTooLarge(ValueError):  # noqa: N818
    """There are fewer members than are to be drawn."""


def draw(members: Iterable[tuple[int, str]], size: int, seed: str) -> tuple[set[int], list[Stratum]]:
    """Who is drawn of (id, stratum), and how many of each stratum: as its share of the population is.

    Raises:
        SampleTooLarge: there are not so many.
    """
    strata: dict[str, list[int]] = {}
    for member, stratum in members:
        strata.setdefault(stratum, []).append(member)
    sizes = allocate({name: len(there) for name, there in strata.items()}, size)
    drawn: set[int] = set()
    for name, there in strata.items():
        there.sort(key=lambda member: _lot(seed, member))
        drawn.update(there[: sizes[name]])
    told = [Stratum(name=name, population=len(strata[name]), drawn=sizes[name]) for name in sorted(strata)]
    return drawn, told


def allocate(populations: Mapping[str, int], size: int) -> dict[str, int]:
    """How many to draw of each stratum, in proportion; what is left over goes to the largest remainders, and
    between equal ones by name.

    Raises:
        SampleTooLarge: there are not so many.
    """
    total = sum(populations.values())
    if size > total:
        raise SampleTooLarge(size)
    if total == 0:
        return {}
    shares = {name: divmod(size * population, total) for name, population in populations.items()}
    sizes = {name: whole for name, (whole, _) in shares.items()}
    left = size - sum(sizes.values())
    for name in sorted(shares, key=lambda name: (-shares[name][1], name))[:left]:
        sizes[name] += 1
    return sizes


def _lot(seed: str, member: int) -> bytes:
    return hashlib.sha256(seed.encode() + _BETWEEN + str(member).encode()).digest()
