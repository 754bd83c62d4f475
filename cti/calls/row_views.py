"""Rows as shapes of the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from cti.http.shapes import Instant, instant

Shape = TypeVar("Shape")


def view_of(shape: type[Shape], row: Mapping[str, Any]) -> Shape:
    """The shape filled from the row's columns of the same names."""
    fields: tuple[str, ...] = shape.__struct_fields__  # type: ignore[attr-defined]
    return shape(
        **{name: instant_of(row[name]) if isinstance(row[name], datetime) else row[name] for name in fields}
    )


def instant_of(at: datetime) -> Instant:
    """An instant as the API gives it."""
    return instant(at.timestamp())
