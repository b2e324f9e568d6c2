"""A deploy with nothing changed, against ``cdk deploy`` with nothing changed of as many functions.

Both go to the same local AWS. ``cdk`` is given its quickest way: an app in plain JavaScript, an image that is there
already, and nothing that waits for another host. Its check of the template against rules, which it does by default
and which takes longer than all the rest, is left out.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import node
from tests.bench import stack
from tests.bench.measure import Contestants, timed
from tests.bench.stack import Stack

_PACKAGE = Path(__file__).with_name("cdk")
_STACK = "noop-cdk"
_UNCHANGED = f"{_STACK} (no changes)"


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``make deploy`` and ``cdk deploy``; each a whole process."""
    with tempfile.TemporaryDirectory(prefix="psn-emulator-cdk-") as folder, stack.deployed() as deployed:
        app = App(node.installed(_PACKAGE, Path(folder)), deployed)
        app.create()
        yield timed(lambda: deployed.checkout.done("deploy")), timed(app.deploy_unchanged)


class App:
    """A stack of cdk's beside ``deployed``, with as many functions of the same image; a class because the commands
    that create it and that find it unchanged have to be the same."""

    def __init__(self, folder: Path, deployed: Stack) -> None:
        """``folder`` holds the app and what is installed for it; nothing is deployed yet."""
        names = deployed.checkout.json("outputs")["function_names"]
        self._lambda = deployed.checkout.client("lambda")
        image = self._lambda.get_function(FunctionName=next(iter(names.values())))["Code"]["ImageUri"]
        self._count = len(names)
        self._folder = folder
        cdk = folder / "node_modules" / "aws-cdk" / "bin" / "cdk"
        self._command = [str(node.NODE), str(cdk), "deploy", "--ci"]
        self._command += ["--context", f"functions={self._count}", "--context", f"image={image}"]
        self._environment = {
            "PATH": f"{node.NODE.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": self._lambda.meta.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
        }

    def create(self) -> None:
        """The first deploy, after which the functions are there."""
        assert _UNCHANGED not in self._deploy()
        pages = self._lambda.get_paginator("list_functions").paginate()
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
        made = [name for name in names if name.startswith(_STACK)]
        assert len(made) == self._count, f"cdk made {made} of {self._count}"

    def deploy_unchanged(self) -> None:
        """A deploy that finds nothing changed, and says so."""
        output = self._deploy()
        assert _UNCHANGED in output, output

    def _deploy(self) -> str:
        return stack.done(self._folder, self._command, self._environment)
