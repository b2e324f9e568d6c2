"""A deploy with nothing changed, against the engine alone and against the CDK doing the same."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import Contestants, timed
from tests.bench.stack import Stack, Stacks, done
from tests.support import node

_CDK = Path(__file__).with_name("cdk")
_DEPLOY = ("--app", "node app.js", "--require-approval", "never")
_OFFLINE = ("--no-notices", "--no-version-reporting")
"""Spares the CDK what it would ask its maker's servers, which here the engine is spared too."""


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """``make deploy``, and one ``up`` of the same program by the Automation API; each a whole process.

    The engine alone leaves another state, after which a deploy looks at all of it once: that one is not measured.
    """
    deployed = _unchanged(stacks)
    deploy = timed(deployed.deploy)

    def after_a_deploy() -> float:
        deployed.deploy()
        return deploy()

    yield after_a_deploy, timed(partial(deployed.engine_alone, "up"))


@contextmanager
def cdk_contestants(stacks: Stacks) -> Iterator[Contestants]:
    """``make deploy``, and ``cdk deploy`` of as many functions of the same image on the same local AWS.

    Raises ``node.UnreachableError`` where the CDK cannot be had.
    """
    with TemporaryDirectory(prefix="psn-emulator-cdk-") as folder:
        app = node.installed(_CDK, Path(folder))
        with_cloudformation(stacks.deployed)
        deployed = _unchanged(stacks)
        environment = _cdk_environment(deployed, app)
        command = [str(node.NODE), "node_modules/aws-cdk/bin/cdk", "deploy", *_DEPLOY, *_OFFLINE]
        done(app, command, environment)
        yield timed(deployed.deploy), timed(partial(done, app, command, environment))


def with_cloudformation(stack: Stack) -> None:
    """Turns on by which services the CDK deploys, in the copy of the tree; the next deploy restarts the local AWS."""
    on = "secretsmanager,sts"
    stack.checkout.replace("infrastructure/local/aws_instance.py", f'{on}"', f'{on},cloudformation,ssm"')


def _unchanged(stacks: Stacks) -> Stack:
    """The deployed stack, of the tree as it is now."""
    stacks.deployed.deploy()
    return stacks.deployed


def _cdk_environment(deployed: Stack, app: Path) -> dict[str, str]:
    """The environment of the CDK, whose AWS is the stack's and whose home is in the folder of its ``app``."""
    outputs = deployed.checkout.json("outputs")
    functions = {name: f"main.{name.replace('-', '_')}" for name in outputs["function_names"]}
    image = {"repository": deployed.repository.partition("/")[2], "tag": outputs["image_tag"]}
    return {
        "PATH": f"{node.NODE.parent}:/usr/bin:/bin",
        "HOME": str(app),
        "AWS_ENDPOINT_URL": f"http://localhost:{deployed.checkout.environment['LOCAL_AWS_PORT']}",
        **deployed.checkout.credential().environment(),
        "AWS_REGION": "us-east-1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CI": "true",
        "FUNCTIONS": json.dumps(image | {"functions": functions}),
    }
