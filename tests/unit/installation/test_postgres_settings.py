"""The embedded PostgreSQL takes a share of the memory, within limits."""

import pytest

from cti.installation.postgres_settings import settings


@pytest.mark.parametrize(("gib", "buffers"), [(0.5, "128MB"), (4, "512MB"), (64, "1024MB")])
def test_buffers_are_a_share_of_the_memory(gib: float, buffers: str) -> None:
    assert settings(int(gib * 2**30))["shared_buffers"] == buffers
