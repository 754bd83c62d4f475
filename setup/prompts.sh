#!/bin/sh
# The spoken prompts, from the texts in ivr_flows/prompts/.
set -eu
cd "$(dirname "$0")/.."
. setup/say.sh
.venv/bin/python -m cti prompts build --quiet || fail "the prompts could not be made." "The line above says why."
