# Sourced by the steps of the set-up: what they say, and how they become root.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

fail() {
    printf '\nThe set-up stopped: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# Run a command as root: directly, or by sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "\"$1\" needs root, and there is no sudo." "Run make as root, or install sudo."
    fi
}

cache_dir() { printf '%s\n' "${CTI_CACHE:-$HOME/.cache/cti}"; }
