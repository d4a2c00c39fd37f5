#!/bin/bash
# Real agents with fanout between them and their servers: installs Claude Code,
# Codex, Gemini CLI and opencode into a cache folder and runs each with a
# stand-in for its model, on loopback and without a key. Needs node with npm,
# Python 3, git, and a network for the first time (1.3 GB).
#
#   tests/agents.sh [--all] [PROGRAM]     PROGRAM is target/debug/fanout by default
#
# --all repeats what is claimed of lost updates ten times, and shows it without
# fanout as well.
set -euo pipefail
cd "$(dirname "$0")/.."
form=short
if [ "${1:-}" = --all ]; then
    form=all
    shift
fi
program=$(realpath "${1:-target/debug/fanout}")
shift || true
cache=${FANOUT_AGENTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fanout-agents}
mkdir -p "$cache"

# As they were when the shows were written; their formats change monthly.
agents=(
    @anthropic-ai/claude-code@2.1.332
    @openai/codex@0.171.0
    @google/gemini-cli@0.61.0
    opencode-ai@1.18.33
    @modelcontextprotocol/server-everything
    @modelcontextprotocol/server-memory
)
install() {
    [ -e "$cache/installed-${agents[*]//[^a-z0-9]/-}" ] && return
    timeout 400 npm install --silent --no-audit --no-fund --prefix "$cache" "${agents[@]}" || return
    touch "$cache/installed-${agents[*]//[^a-z0-9]/-}"
}
for needed in npm node python3 git; do
    command -v "$needed" >/dev/null || {
        echo "agents: $needed is missing"
        exit 77
    }
done
install || {
    echo "agents: the agents cannot be installed"
    exit 77
}
limit=420
[ "$form" = all ] && limit=3000
timeout "$limit" python3 -B tests/agents/shows.py "$cache" "$program" "$form" "$@"
