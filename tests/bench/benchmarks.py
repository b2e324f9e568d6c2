"""The benchmarks: what each compares with, and the most that ours may be of it."""

from functools import partial

from tests.bench import (
    authorizer,
    change,
    cold_players,
    container,
    faults,
    first,
    image,
    journal,
    login,
    noop,
    page,
    preview,
    rollback,
    sandbox,
    serve,
    status,
    table_scale,
    tag,
    warm_get,
    watch,
)
from tests.bench.measure import Benchmark
from tests.bench.stack import Stacks

UNDEPLOYED = {
    "tag": Benchmark(tag.contestants, "git add -A + git write-tree", 0.15),
    "cold-authorizer": Benchmark(authorizer.cold, "awslambdaric + cryptography verifying the token", 1.6),
    "cold-players": Benchmark(cold_players.contestants, "FastAPI + Mangum + boto3 doing the same", 0.4),
    "cold-container": Benchmark(container.contestants, "a bare handler from the same base", 1.1),
    "authorize": Benchmark(authorizer.warm, "a bare ES256 verification (300 of each)", 1.5),
    "login": Benchmark(login.contestants, "an argon2id verification", 1.15),
    "page": Benchmark(page.contestants, "the same among 200 players", 1.1),
    "sandbox": Benchmark(sandbox.contestants, "the same beside one sandbox", 1.2),
    "faults-off": Benchmark(faults.off, "the same where the stack has no faults", 1.05),
    "table-scale": Benchmark(
        table_scale.contestants, "the same among 10,000 players", 1.5, figures=table_scale.FIGURES
    ),
    "image": Benchmark(image.contestants, "the runtime packages, compiled", 0.75, "bytes"),
}
"""Those that need no stack, by name."""


SERVED = {
    "serve-start": Benchmark(serve.start, "WireMock's start", 0.8),
    "serve-get": Benchmark(serve.get, "WireMock's stub of the same answer", 3.0),
    "serve-token": Benchmark(serve.token, "mock-oauth2-server's of the same grant", 1.0),
    "serve-memory": Benchmark(serve.memory, "WireMock's", 1.2, "bytes"),
    "watch": Benchmark(watch.contestants, "uvicorn --reload of a FastAPI app of as many routes", 1.0),
}
"""Those of what is served without AWS, by name: each starts servers."""


ONLY_BY_NAME = ("table-scale",)
"""Those that take too long to run unless they are named: a million players are made for it."""


def deployed(stacks: Stacks) -> dict[str, Benchmark]:
    """Those that are about ``stacks``, by name."""
    return {
        "warm-get": Benchmark(
            partial(warm_get.contestants, stacks),
            "an echo function behind the same authorizer",
            1.2,
            figures=("p50", "p99"),
        ),
        "journal": Benchmark(
            partial(journal.contestants, stacks), "the same of a path that is not recorded", 1.2
        ),
        "status": Benchmark(partial(status.contestants, stacks), "boto3 asking the same, call by call", 2.5),
        "noop": Benchmark(partial(noop.contestants, stacks), "the engine alone", 0.6),
        "noop-cdk": Benchmark(
            partial(noop.cdk_contestants, stacks), "cdk deploy of as many functions, unchanged", 0.4
        ),
        "preview": Benchmark(partial(preview.contestants, stacks), "the engine's own preview", 1.2),
        "change": Benchmark(
            partial(change.contestants, stacks), "docker build + docker push + the engine alone", 0.8
        ),
        "rollback": Benchmark(partial(rollback.contestants, stacks), "change", 0.25),
        "first": Benchmark(
            partial(first.contestants, stacks), "the same sum + a start of each function in turn", 0.8
        ),
    }
