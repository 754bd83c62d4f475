"""Record transcripts: ``python -m cti.simulation.record NAME... [--to FOLDER]`` (no name: all of them).

Beside ``NAME.ami`` (the event blocks that the service's own AMI user got) stand ``NAME.cel.csv`` and
``NAME.queue_log``, both of the same call.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from cti.installation.asterisk_process import find_program
from cti.simulation.lab import laboratory
from cti.simulation.recordings import PHONES, RECORDINGS, play
from cti.simulation.stand_in import serving, survey

DEFAULT_FOLDER = Path("tests/transcripts")


async def record(name: str, folder: Path, root: Path | None) -> int:
    """Play one recording and write its three files; the number of events."""
    changes = {"phone_rtp_timeout": 0, **RECORDINGS[name].plan}
    with tempfile.TemporaryDirectory(prefix="cti-record-") as home:
        async with laboratory(Path(home), root=root, phones=PHONES, **changes) as lab:
            async with serving(lab.ports.agi, survey), lab.observer(filtered=True) as ami:
                await play(name, lab, ami)
            (folder / f"{name}.ami").write_bytes(b"".join(ami.blocks))
            await lab.asterisk.stop()
            (folder / f"{name}.cel.csv").write_bytes(lab.plan.cel_csv.read_bytes())
            (folder / f"{name}.queue_log").write_bytes(lab.plan.queue_log.read_bytes())
            return len(ami.blocks)


async def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*RECORDINGS, []], metavar="NAME")
    parser.add_argument("--to", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--root", type=Path, help="the root file system that holds Asterisk")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    root = arguments.root
    await find_program(root)
    for name in arguments.names or RECORDINGS:
        count = await record(name, arguments.to, root)
        sys.stdout.write(f"{name}: {count} events\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
