"""HashiCorp's AWS provider, where Terraform and it are on the machine: what it says of a configuration.

Nothing is downloaded and no account is asked: the provider is given credentials that are none, and every endpoint on
a port of loopback where nobody answers.
"""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_FOLDERS = ("TF_PLUGIN_MIRROR", "TF_PLUGIN_CACHE_DIR")
"""The variables that name a folder with providers in Terraform's layout, beside the usual folders."""
_USUAL = ("/opt/tf-plugins", "~/.terraform.d/plugins", "~/.terraform.d/plugin-cache")
_PROVIDER = "registry.terraform.io/hashicorp/aws"
_NOBODY = "http://127.0.0.1:9"


class ProviderError(Exception):
    """Terraform itself failed; its words."""


@cache
def mirror() -> Path | None:
    """The folder of providers that has the AWS one; ``None`` where that or Terraform is not on the machine."""
    named = [os.environ[name] for name in _FOLDERS if os.environ.get(name)]
    folders = (Path(folder).expanduser() for folder in (*named, *_USUAL))
    found = next((folder for folder in folders if (folder / _PROVIDER).is_dir()), None)
    return found if shutil.which("terraform") else None


class Workspace:
    """A folder in which Terraform has been initialised with the AWS provider of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "terraform.rc").write_text(
            f'provider_installation {{ filesystem_mirror {{ path = "{mirror()}" }} }}\n'
        )
        self._write("provider", {"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}})
        self._run("init", "-input=false")

    def schema(self) -> dict[str, Any]:
        """The schema of everything that the provider has."""
        schema: dict[str, Any] = json.loads(self._run("providers", "schema", "-json"))
        return schema

    def judge(self, configuration: dict[str, Any]) -> list[str]:
        """What ``plan``, which validates first, has against the configuration: a line of each error and of each
        warning."""
        self._write("resources", configuration)
        self._write("aws", {"provider": {"aws": _settings(configuration)}})
        messages = self._run(
            "plan", "-json", "-input=false", "-refresh=false", "-lock=false", "-parallelism=4"
        )
        events = [json.loads(line) for line in messages.splitlines()]
        found = [_line(event["diagnostic"]) for event in events if "diagnostic" in event]
        if found:
            return found
        planned = sum(event["type"] == "planned_change" for event in events)
        declared = sum(map(len, configuration["resource"].values()))
        return [] if planned == declared else [f"{planned} of {declared} resources were planned"]

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self._folder / f"{name}.tf.json").write_text(json.dumps(content))

    def _run(self, *arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "CHECKPOINT_DISABLE": "1",
            "GOGC": "400",  # a third of the provider's time is the collection of garbage, of which it makes little
            "TF_CLI_CONFIG_FILE": str(self._folder / "terraform.rc"),
        }
        ended = subprocess.run(
            ["terraform", *arguments, *([] if "-json" in arguments else ["-no-color"])],
            cwd=self._folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if not ended.stdout.startswith("{") and ended.returncode:
            raise ProviderError(ended.stderr or ended.stdout)
        return ended.stdout


def schema() -> dict[str, Any]:
    """The schema of everything that the provider on this machine has."""
    with TemporaryDirectory() as folder:
        return Workspace(Path(folder)).schema()


def _settings(configuration: dict[str, Any]) -> dict[str, Any]:
    services = {_SERVICES.get(service, service) for service in map(_service, configuration["resource"])}
    return {
        "region": "eu-west-1",
        "access_key": "none",
        "secret_key": "none",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "skip_requesting_account_id": True,
        "endpoints": [dict.fromkeys(sorted(services | {"sts"}), _NOBODY)],
    }


_SERVICES = {"cloudwatch": "logs"}


def _service(type_: str) -> str:
    return type_.split("_")[1]


def _line(diagnostic: dict[str, Any]) -> str:
    where = diagnostic.get("address") or (diagnostic.get("snippet") or {}).get("context") or ""
    return (
        f"{diagnostic['severity']}: {where}: {diagnostic['summary']} {diagnostic.get('detail', '')}".strip()
    )
