"""The service, which dies when it dials for the first time: `python -m tests.stage.dying_dialler PLACE`."""

import sys
from typing import Final

from tests.faults.death import Death, Place

PLACES: Final = {
    "sending": Place("cti.dialling.attempts.origination", "actions.originate", 1),
    "sent": Place(
        "cti.asterisk.protocol", "AmiProtocol.request", 1, "after",
        counts=lambda arguments: arguments[1] == "Originate",
    ),
}  # fmt: skip


def main() -> None:
    """Serve until then."""
    Death(PLACES[sys.argv[1]], 1, armed=True).install()
    sys.argv = ["cti", "serve"]
    from cti.__main__ import main as serve

    serve()


if __name__ == "__main__":
    main()
