#!/bin/sh
# What a container of the image starts: `serve` the whole API on port 8080, of which `serve --help` tells more; anything
# else is a handler, such as main.root, which Lambda's own entry point runs.
set -eu

if [ "${1:-}" = serve ]; then
    shift
    cd "$(dirname "$0")"
    exec python3.13 -m serve --host 0.0.0.0 "$@"
fi
exec /lambda-entrypoint.sh "$@"
