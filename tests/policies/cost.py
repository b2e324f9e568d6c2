"""What a stack costs a month by its load: AWS's public prices for eu-west-1 as of 2025-01, per docs/operations/cost.md.

``python -m tests.policies.cost`` prints the tables that are in the page.
"""

from dataclasses import dataclass, field, fields

from infrastructure.stack.alarms import alarms, composite_alarms
from infrastructure.stack.function_specs import function_specs
from infrastructure.stack.loading import load_settings

SECONDS_A_MONTH = 30 * 86_400
LOADS = (0, 1, 10, 100, 1000)
"""Requests a second, all month."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one request of the mix asks of AWS: each reads a unit, half write four; the authorizer's answer is cached
    for all but one in fifty."""

    function_seconds: float = 0.020
    memory_gib: float = 0.5
    authorizer_seconds: float = 0.010
    authorizer_share: float = 0.02
    read_units: float = 1.0
    write_units: float = 2.0
    log_bytes: int = 1500


def _price(dollars: float, of: str, page: str) -> float:
    """A price: dollars, of what, and the page of AWS's that tells it."""
    priced: float = field(default=dollars, metadata={"of": of, "page": page})
    return priced


@dataclass(frozen=True, slots=True)
class Prices:
    """In US dollars, without a free tier."""

    api_million: float = _price(1.11, "million requests of an HTTP API", "api-gateway")
    invocation_million: float = _price(0.20, "million invocations", "lambda")
    gib_second: float = _price(0.0000166667, "GB-second of a function, x86", "lambda")
    read_million: float = _price(0.1415, "million read request units, on demand", "dynamodb")
    write_million: float = _price(0.705, "million write request units, on demand", "dynamodb")
    log_gb: float = _price(0.57, "GB of logs ingested", "cloudwatch")
    metric: float = _price(0.30, "custom metric, each of the first 10,000", "cloudwatch")
    alarm_metric: float = _price(0.10, "metric that an alarm looks at", "cloudwatch")
    composite_alarm: float = _price(0.50, "composite alarm", "cloudwatch")
    dashboard: float = _price(3.00, "dashboard", "cloudwatch")
    secret: float = _price(0.40, "secret", "secrets-manager")
    key: float = _price(1.00, "customer's key", "kms")
    image_gb: float = _price(0.10, "GB of images", "ecr")


_DEV = load_settings("dev")
ALARM_METRICS = sum(len(alarm.metrics) + (alarm.percent_of is not None) for alarm in alarms(_DEV))
COMPOSITE_ALARMS = len(composite_alarms(_DEV))
METRICS = 3 * len(function_specs(_DEV)) + _DEV.faults
"""Custom metrics of a stack that is called: of each function two statuses of its answers and their latency, and that of
all of them where some have faults."""
SECRETS = 3
KEYS = 1
IMAGES_GB = 3.0


def monthly(rate: float, request: Request | None = None, prices: Prices | None = None) -> dict[str, float]:
    """The dollars a month by service, at ``rate`` requests a second; of a stack with alarms and a dashboard."""
    asked, price = request or Request(), prices or Prices()
    millions = rate * SECONDS_A_MONTH / 1e6
    invocations = millions * (1 + asked.authorizer_share)
    busy = asked.function_seconds + asked.authorizer_share * asked.authorizer_seconds
    return {
        "API Gateway": millions * price.api_million,
        "Lambda": invocations * price.invocation_million
        + millions * 1e6 * busy * asked.memory_gib * price.gib_second,
        "DynamoDB": millions
        * (asked.read_units * price.read_million + asked.write_units * price.write_million),
        "logs": millions * 1e6 * asked.log_bytes / 1e9 * price.log_gb,
        "custom metrics": METRICS * price.metric if rate else 0.0,
        "alarms, dashboard": ALARM_METRICS * price.alarm_metric
        + COMPOSITE_ALARMS * price.composite_alarm
        + price.dashboard,
        "secrets, key, images": SECRETS * price.secret + KEYS * price.key + IMAGES_GB * price.image_gb,
    }


def price_table() -> str:
    """The prices of the page, in Markdown."""
    lines = ["| $ | for a | told at |", "| ---: | --- | --- |"]
    for price in fields(Prices):
        page = f"https://aws.amazon.com/{price.metadata['page']}/pricing/"
        lines.append(f"| {price.default:.10g} | {price.metadata['of']} | <{page}> |")
    return "\n".join(lines)


def table() -> str:
    """The table of the page, in Markdown."""
    columns = [monthly(rate) for rate in LOADS]
    head = ["$ a month", "idle", *(f"{rate}/s" for rate in LOADS[1:])]
    rows = [[name, *(f"{column[name]:,.2f}" for column in columns)] for name in columns[0]]
    rows.append(["**in all**", *(f"**{sum(column.values()):,.2f}**" for column in columns)])
    lines = [head, ["---", *("---:" for _ in LOADS)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    import sys

    sys.stdout.write(f"{table()}\n\n{price_table()}\n")
