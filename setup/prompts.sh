#!/bin/sh
# The spoken prompts, from the texts in ivr_flows/prompts.toml.
set -eu
cd "$(dirname "$0")/.."
. setup/say.sh
.venv/bin/python -m cti.installation.prompts "$(cache_dir)/prompts" || fail "the prompts could not be made." "The line above says why."
