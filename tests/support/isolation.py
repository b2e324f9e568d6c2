"""Sandboxes used at random and at once, each held to a model of its own: one workload, in process or deployed."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from time import perf_counter, process_time

from tests.support.worlds import World


@dataclass(frozen=True)
class Workload:
    """How many ``sandboxes``, how many ``steps`` in each, of which ``seed``, and how many of them at once."""

    sandboxes: int
    steps: int
    threads: int
    seed: int = 7

    @classmethod
    def asked_for(cls, sandboxes: int, steps: int, *, threads: int, many: int) -> "Workload":
        """What ``make test-sandboxes`` asks for by the environment, with ``many`` threads, else a short form."""
        asked = os.environ.get
        return cls(
            int(asked("ISOLATION_SANDBOXES", sandboxes)),
            int(asked("ISOLATION_STEPS", steps)),
            many if "ISOLATION_SANDBOXES" in os.environ else threads,
            int(asked("ISOLATION_SEED", cls.seed)),
        )

    def run(self, world: Callable[[int], World]) -> str:
        """Make each ``world`` by its number from 0, and do the steps of all; the figures."""
        began, cpu = perf_counter(), process_time()
        with ThreadPoolExecutor(self.threads) as pool:
            worlds = list(pool.map(world, range(self.sandboxes)))
            Random(self.seed).shuffle(worlds)
            shares = [worlds[number :: self.threads] for number in range(self.threads)]
            list(pool.map(lambda mine: self._drive(mine, worlds), shares))
            list(pool.map(World.list_all, worlds))
        done, requests = sum(one.done for one in worlds), sum(one.requests for one in worlds)
        return (
            f"{len(worlds)} sandboxes, {done} steps, {requests} requests, {self.threads} threads, seed {self.seed}:"
            f" {perf_counter() - began:.1f} s, {process_time() - cpu:.1f} s of processor time"
        )

    def _drive(self, mine: list[World], worlds: list[World]) -> None:
        turns = [world for world in mine for _ in range(self.steps)]
        Random(f"{self.seed} {mine[0].name}").shuffle(turns)
        for world in turns:
            world.step([other for other in worlds if other is not world])
