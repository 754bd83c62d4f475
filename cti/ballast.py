"""What libraries load as they are imported although the service never needs it."""

import contextlib
import os
import sys
from collections.abc import Iterator

_CERTIFICATES = "SSL_CERT_FILE"


@contextlib.contextmanager
def left_behind() -> Iterator[None]:
    """Leaves it behind while modules are imported: a tenth of the time that they take, and six MiB.

    - aiohttp reads all certificates that this machine trusts, for clients' connections. The only client here
      has a context of its own (`cti.customers.crm`); any other trusts nobody.
    - structlog loads rich, to draw tracebacks that `cti.logs` writes plainly.
    """
    given = os.environ.get(_CERTIFICATES)
    os.environ[_CERTIFICATES] = os.devnull
    sys.modules["rich"] = None  # type: ignore[assignment]  # so Python says that there is none
    try:
        yield
    finally:
        del sys.modules["rich"]
        if given is None:
            del os.environ[_CERTIFICATES]
        else:
            os.environ[_CERTIFICATES] = given
