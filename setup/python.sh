#!/bin/sh
# The virtual environment, from the lock file; nothing is installed whose hash is not in it.
set -eu
cd "$(dirname "$0")/.."
. setup/say.sh

stamp=.venv/.requirements.sha256
now=$(cat requirements.lock pyproject.toml | sha256sum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then exit 0; fi

python=""
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 \
        && "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "there is no Python 3.11 or newer with its venv module." \
    "Debian and Ubuntu: apt-get install python3 python3-venv (Debian 12, Ubuntu 24.04 or newer)."

[ -x .venv/bin/python ] || { say "Making the virtual environment"; "$python" -m venv .venv; }
say "Installing the locked Python packages"
.venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock \
    || fail "the Python packages could not be installed." "pip's lines above say which; it uses the index pip is configured for."
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable . \
    || fail "the project itself could not be installed into .venv." "The lines above say why."
printf '%s\n' "$now" >"$stamp"
