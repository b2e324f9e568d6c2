"""What HashiCorp's AWS provider calls the attributes and blocks of the resource types that the program uses.

``schema.json`` is the part of ``terraform providers schema`` that a translation needs, so that one can be made on a
machine without Terraform. ``python -m tests.policies.schema`` writes it anew, of the types that are in it and those on
the command line, where Terraform and the provider are.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("schema.json")
_PROVIDER = "registry.terraform.io/hashicorp/aws"


@cache
def known() -> dict[str, Any]:
    """The schema by resource type: ``{"attributes": {name: type}, "blocks": {name: {"attributes", "blocks"}}}``."""
    schema: dict[str, Any] = json.loads(_FILE.read_text())
    return schema


def cut(provided: dict[str, Any], types: set[str]) -> dict[str, Any]:
    """The schema of ``types`` in what ``terraform providers schema -json`` prints."""
    resources = provided["provider_schemas"][_PROVIDER]["resource_schemas"]
    return {name: _block(resources[name]["block"]) for name in sorted(types)}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    attributes = {name: value["type"] for name, value in block.get("attributes", {}).items()}
    blocks = {name: _block(value["block"]) for name, value in block.get("block_types", {}).items()}
    return {"attributes": attributes, "blocks": blocks}


if __name__ == "__main__":
    from tests.policies import provider

    types = known().keys() | set(sys.argv[1:]) if _FILE.exists() else set(sys.argv[1:])
    text = json.dumps(cut(provider.schema(), set(types)), separators=(",", ":"), sort_keys=True)
    _FILE.write_text(text.replace('},"aws_', '},\n"aws_') + "\n")
