"""What a stack costs a month by its load: AWS's public prices for eu-west-1 as of 2025-01, per docs/operations/cost.md.

``python -m tests.policies.cost`` prints the table that is in the page.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Prices:
    """In US dollars, without a free tier."""

    api_million: float = 1.11
    invocation_million: float = 0.20
    gib_second: float = 0.0000166667
    read_million: float = 0.1415
    write_million: float = 0.705
    log_gb: float = 0.57
    secret: float = 0.40
    alarm: float = 0.10
    dashboard: float = 3.00
    image_gb: float = 0.10


ALARMS = 27 * 3 + 5
SECRETS = 3
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
        "alarms, dashboard, secrets, images": ALARMS * price.alarm
        + price.dashboard
        + SECRETS * price.secret
        + IMAGES_GB * price.image_gb,
    }


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

    sys.stdout.write(table() + "\n")
