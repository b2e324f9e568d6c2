"""Checkov over the program's resources of every stack, in Terraform's form: ``python -m tests.policies.checkov``.

It has an environment of its own, of the packages in ``checkov.txt`` by their hashes: it pins what the project has in
other versions. Nothing is sent anywhere.
"""

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infrastructure.errors import DeployError
from infrastructure.tools.packages import find_uv
from tests.policies import rendering
from tests.policies.exceptions import is_excepted
from tests.support.recorded import record

PACKAGES = Path(__file__).with_name("checkov.txt")
STACKS = ("local", "dev", "staging", "prod")
_ROUTE = "aws_apigatewayv2_route"
_PUBLIC_KEYS = "PUBLIC_JWKS"
"""The variable with public keys, random each time, in which checkov takes any 40 characters between two dashes for a
secret of AWS. The tests' own rule looks into it."""


class UnavailableError(Exception):
    """Its packages cannot be had; the reason."""


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """A rule, such as ``CKV_AWS_26``, that the resource of that name in Terraform's form breaks; what it demands."""

    rule: str
    name: str
    demand: str

    def __str__(self) -> str:
        return f"{self.name} breaks {self.rule}: {self.demand}"


def unexcepted(configuration: dict[str, Any]) -> tuple[list[Violation], int]:
    """What a rendering of stacks breaks without a reason for it, and how often a rule was asked. Raises
    ``UnavailableError``."""
    routes = configuration["resource"].get(_ROUTE, {})
    found, asked = judge(configuration)

    def excepted(violation: Violation) -> bool:
        stack = violation.name.partition("_")[0]
        return is_excepted(violation.rule, stack, routes.get(violation.name, {}).get("route_key"))

    return sorted(violation for violation in found if not excepted(violation)), asked


def judge(configuration: dict[str, Any]) -> tuple[list[Violation], int]:
    """What checkov has against the configuration, and how often it asked a rule. Raises ``UnavailableError``."""
    with TemporaryDirectory(prefix="psn-emulator-checkov-") as folder:
        tools, tree = Path(folder, "tools"), Path(folder, "tree")
        _install(tools)
        tree.mkdir()
        (tree / "stacks.tf.json").write_text(json.dumps(_without_public_keys(configuration), indent=1))
        command = [str(tools / "bin" / "checkov"), "--directory", str(tree), "--framework", "terraform_json"]
        command += ["--output", "json", "--quiet", "--compact", "--skip-download", "--soft-fail"]
        environment = {"PATH": "/usr/bin:/bin", "HOME": folder}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    report = json.loads(ended.stdout)
    failed = [
        Violation(one["check_id"], one["resource"].partition(".")[2], one["check_name"])
        for one in report["results"]["failed_checks"]
    ]
    return failed, report["summary"]["passed"] + report["summary"]["failed"]


def _without_public_keys(configuration: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = deepcopy(configuration)
    for function in copy["resource"].get("aws_lambda_function", {}).values():
        for environment in function["environment"]:
            environment["variables"].pop(_PUBLIC_KEYS, None)
    return copy


def _install(folder: Path) -> None:
    """Puts the packages in a new environment at ``folder``, of uv's cache where they are in it."""
    try:
        uv = str(find_uv())
    except DeployError as error:
        raise UnavailableError(error.cause) from None
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "sync", "--quiet", "--require-hashes", "--python", str(folder), str(PACKAGES)],
    ):
        ended = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
        if ended.returncode:
            raise UnavailableError((ended.stderr.strip().splitlines() or ["uv failed"])[-1])


def main() -> int:
    """Prints what the program's stacks break without a reason; the exit code."""
    try:
        found, asked = unexcepted(
            rendering.render({stack: record(stack, force=True).resources for stack in STACKS})
        )
    except UnavailableError as error:
        sys.stderr.write(f"error: checkov cannot be had: {error}\n")
        return 1
    sys.stdout.writelines(f"{violation}\n" for violation in found)
    sys.stdout.write(
        f"checkov asked {asked} times, of {', '.join(STACKS)}: {len(found)} broken without a reason\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
