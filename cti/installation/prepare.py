"""``python -m cti.installation.prepare``: the secrets that containers share, made once below ``CTI_HOME``."""

import sys

from cti import config
from cti.installation.secret_files import kept


def main() -> int:
    """Make what is missing; prints nothing secret."""
    folder = config.home() / "secrets"
    for name in ("ami_secret", "ami_phone_secret", "agi_secret", "postgres_password"):
        kept(folder, name)
    password = kept(folder, "postgres_password")
    kept(folder, "database_url", lambda: f"postgresql://cti:{password}@127.0.0.1:5433/cti")
    sys.stdout.write(f"Secrets are in {folder}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
