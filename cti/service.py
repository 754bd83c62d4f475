"""The service as a process: what `cti serve` runs."""

import uvloop

from cti.ballast import left_behind

with left_behind():
    from cti import config, logs
    from cti.app import run_service


def serve() -> None:
    """The service until SIGTERM or Ctrl-C.

    Raises:
        ConfigurationError: a setting is missing or wrong.
        Exception: as `run_service`.
    """
    settings = config.load()
    logs.configure(settings)
    uvloop.run(run_service(settings))
