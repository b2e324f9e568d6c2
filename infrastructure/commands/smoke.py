"""Asks a stack's deployed API whether it answers as it must, with a token too where one can be had."""

from collections.abc import Mapping
from typing import Any

from infrastructure.cloud import login_probe, probe
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_seed
from infrastructure.stack.seeds import documented_login
from infrastructure.stack.settings import Settings


def smoke(settings: Settings, outputs: Mapping[str, Any], user: str | None, password: str | None) -> str:
    """What was asked of the stack with these ``outputs``, in words.

    With a login, or the documented one where the seed has it, players are read; where every sandbox may be named, they
    are made and deleted too. Raises ``DeployError`` where something does not answer as it must.
    """
    if (user is None) != (password is None):
        raise DeployError("USER and PASSWORD go together.", "Give both, or none of them.")
    _require(settings, probe.probe(outputs))
    login = documented_login(load_seed(settings)) if user is None or password is None else (user, password)
    if login is None:
        return "nobody logged in, so nothing is known of what a token opens: USER= and PASSWORD= ask that too"
    in_sandbox = settings.sandboxes == "open"
    _require(settings, login_probe.probe(probe.own_url(outputs), *login, in_sandbox=in_sandbox))
    done = "made, read, listed and deleted" if in_sandbox else "listed; none was made"
    return f"{login[0]} logged in{f' in the sandbox {login_probe.SANDBOX}' * in_sandbox}, players were {done}"


def _require(settings: Settings, results: tuple[probe.ProbeResult, ...]) -> None:
    if failed := probe.failed(results):
        raise DeployError(
            f"Stack {settings.stack!r} does not answer as it must: {probe.describe(failed)}.",
            probe.remedy(failed, settings.stack),
        )
