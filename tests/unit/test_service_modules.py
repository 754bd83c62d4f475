"""A service is back soon after it was killed because it loads nothing that it does not need."""

import json
import os
import subprocess
import sys

_LOADED = """
import json, os, sys
import cti.service
from aiohttp.connector import _SSL_CONTEXT_VERIFIED
loaded, trusted = sorted(sys.modules), _SSL_CONTEXT_VERIFIED.cert_store_stats()["x509_ca"]
import rich
print(json.dumps([loaded, trusted, os.environ.get("SSL_CERT_FILE")]))
"""
_UNNEEDED = (
    "alembic",
    "pygments",
    "rich",
    "typer",
    "cti.command_line",
    "cti.simulation",
    "cti.replay.command",
)


def test_the_service_loads_no_other_command_and_nothing_only_for_them() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "SSL_CERT_FILE"}
    for given in (None, "/etc/ssl/own.pem"):
        run = subprocess.run(
            [sys.executable, "-c", _LOADED], capture_output=True, check=True,
            env=environment | ({"SSL_CERT_FILE": given} if given else {}),
        )  # fmt: skip
        loaded, trusted, left = json.loads(run.stdout)
        assert [name for name in _UNNEEDED if name in loaded] == []
        assert trusted == 0
        assert left == given, "what was set is as it was"
