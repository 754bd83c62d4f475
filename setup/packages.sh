#!/bin/sh
# Install the system packages that are missing. Arguments: run (what `make run` needs), test (also what tests need).
set -eu
. "$(dirname "$0")/say.sh"

command -v apt-get >/dev/null 2>&1 || fail "this system has no apt-get." \
    "The set-up knows Debian 12, Debian 13 and Ubuntu. Elsewhere: docker compose up, or install by hand" \
    "Python 3.11 with venv, Asterisk 22, PostgreSQL, Node 20, espeak-ng, and sox that reads MP3."

wanted="ca-certificates python3 python3-venv espeak-ng sox libsox-fmt-base libsox-fmt-mp3 debootstrap util-linux"
for purpose in "$@"; do
    case "$purpose" in
        run) ;;
        test) wanted="$wanted sip-tester chromium fonts-wqy-zenhei faketime" ;;
        *) fail "setup/packages.sh does not know \"$purpose\"." ;;
    esac
done

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing=""
for package in $wanted; do installed "$package" || missing="$missing $package"; done
[ -n "$missing" ] || exit 0

say "Installing system packages:$missing"
as_root apt-get update -q || fail "apt-get update failed." "Check the package sources in /etc/apt and the network."
available=""
for package in $missing; do
    if apt-cache show "$package" >/dev/null 2>&1; then
        available="$available $package"
    else
        say "This system has no package $package; what needs it is left out."
    fi
done
[ -z "$available" ] || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $available \
    || fail "the system packages could not be installed:$available" "The lines above say why."
