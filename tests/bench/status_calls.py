"""What ``make status`` asks of a local AWS, by boto3 and one call after the other.

``status_calls.py BASE API_URL TABLE FUNCTION …``, where ``BASE`` begins the names of the stack's resources, with AWS's
own variables in the environment.
"""

import sys
import time
import urllib.request

import boto3


def main(base: str, api_url: str, table: str, *functions: str) -> None:
    """Asks of health, functions, table and the logs that a quiet stack is judged by."""
    with urllib.request.urlopen(f"{api_url}/healthz") as answer:  # noqa: S310 - the stack's own URL
        assert answer.status == 200
    lambda_ = boto3.client("lambda")
    for name in functions:
        lambda_.get_function_configuration(FunctionName=f"{base}-{name}", Qualifier="live")
    boto3.client("dynamodb").describe_table(TableName=table)
    logs, start = boto3.client("logs"), int(time.time() - 900) * 1000
    for group in (f"/aws/vendedlogs/{base}/access", f"/aws/lambda/{base}-authorizer"):
        for _ in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
