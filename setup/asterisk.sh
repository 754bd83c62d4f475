#!/bin/sh
# An Asterisk 22: the installed one when it is new enough, otherwise one in a root file system beside the host.
#
# The root file system is of this system's own release when that has Asterisk 22, else of Debian testing. It is made by
# debootstrap from the mirror in this host's apt sources (or CTI_DEBIAN_MIRROR), and lies below the cache folder
# (CTI_CACHE, else ~/.cache/cti). Nothing of it is started by itself, and nothing of the host is changed.
set -eu
. "$(dirname "$0")/say.sh"

version_of() { "$@" -V 2>/dev/null | sed -n 's/^Asterisk \(certified[-\/]\)\{0,1\}\([0-9]*\).*/\2/p'; }

for installed in asterisk /usr/sbin/asterisk; do
    version=$(version_of "$installed" || true)
    if [ -n "$version" ] && [ "$version" -ge 22 ]; then exit 0; fi
done

root="$(cache_dir)/asterisk-root"
[ ! -x "$root/usr/sbin/asterisk" ] || exit 0

command -v debootstrap >/dev/null 2>&1 || fail "debootstrap is not installed." "Run setup/packages.sh run first."
packages=asterisk,asterisk-core-sounds-en-wav
. /etc/os-release

candidate=$(apt-cache policy asterisk 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}\([0-9]*\).*/\2/p')
sources=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null || true)
mirror=""
if [ -n "$candidate" ] && [ "$candidate" -ge 22 ]; then
    suite=$VERSION_CODENAME script="" components=main
    [ "$ID" = debian ] || components=main,universe
    mirror=$(printf '%s\n' "$sources" | awk '$2 == "Ubuntu" || $2 == "Debian" { print $1; exit }')
else
    # The script of sid serves for testing too, which old debootstraps do not know by name.
    suite=testing script=sid components=main
    mirror=${CTI_DEBIAN_MIRROR:-$(printf '%s\n' "$sources" | awk '$2 == "Debian" && $1 !~ /security/ { print $1; exit }')}
fi
[ -n "$mirror" ] || fail "no Asterisk 22 is installed, and no Debian mirror is in the apt sources to get one from." \
    "Install Asterisk 22, or name a mirror: CTI_DEBIAN_MIRROR=<address of a Debian mirror> make setup"

say "Making a root file system with Asterisk beside the host (about a minute, 540 MB): $root"
mkdir -p "$(dirname "$root")"
log="$root.log"
half="$root.part"
as_root rm -rf "$half"
if ! as_root debootstrap --variant=minbase --components="$components" --include="$packages" "$suite" "$half" "$mirror" $script >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "debootstrap could not make $root." "Its last lines are above, all of them in $log."
fi
as_root rm -rf "$half"/var/cache/apt/archives/*.deb
as_root mv "$half" "$root"
