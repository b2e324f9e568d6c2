#!/bin/sh
# Serves the handler given as the only argument, such as main.root. Where the Lambda service runs the container
# it says where its runtime API is; elsewhere the runtime interface emulator offers that API, and takes
# invocations on port 8080.
set -eu

if [ $# -ne 1 ]; then
    echo "lambda-entrypoint.sh: the handler must be the first and only argument" >&2
    exit 142
fi

export _HANDLER="$1"
set -- /var/lang/bin/python3.13 -m awslambdaric "$1"
if [ -z "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    set -- /usr/local/bin/aws-lambda-rie "$@"
fi
exec "$@"
