"""`cti` and `python -m cti`: the service, or another command."""
# ruff: noqa: E402

import gc

# As long as modules are loaded nothing becomes garbage, and looking for it would take a tenth of that time.
# The service looks from when it has started (`cti.garbage`).
gc.disable()

import sys

from cti.errors import CtiError


def main() -> None:
    """Run a command; what the service has a name for ends with its code and one line, without traceback."""
    try:
        if sys.argv[1:] == ["serve"]:
            # The service is back soon after it was killed: it loads neither the other commands nor what reads
            # their arguments.
            from cti.service import serve

            serve()
        else:
            from cti.command_line import program

            gc.enable()
            program()
    except CtiError as error:
        sys.stderr.write(f"cti: {error.message} ({error.code})\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
