"""What the image's build takes out of the installed packages, and what it leaves."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import routes
from infrastructure import trim_packages
from infrastructure.trim_packages import OPERATIONS, trim, trimmed_model
from tests.support.trees import write

CONDITION = "ConditionCheckItem"
"""DynamoDB's permission for a part of a transaction, which is no operation."""


def model(*operations: str) -> dict[str, Any]:
    """A service's description in which every operation has a shape that refers to two others, one of them itself."""
    shapes: dict[str, Any] = {"Text": {"type": "string"}}
    for name in operations:
        shapes[f"{name}Input"] = {"type": "structure", "members": {"Items": {"shape": f"{name}List"}}}
        shapes[f"{name}List"] = {
            "type": "list",
            "member": {"shape": f"{name}List"},
            "members": [{"shape": "Text"}],
        }
    return {
        "metadata": {"shape": 1},
        "operations": {name: {"input": {"shape": f"{name}Input"}} for name in operations},
        "shapes": shapes,
    }


def compressed(description: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(description).encode())


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of packages as an installer leaves it."""
    data = "botocore/data"
    tree = {
        "bin/tool": b"",
        "boto/tests/test_a.py": b"",
        "boto/deep/tests/tests/test_b.py": b"",
        "boto/tests.py": b"",
        "boto/a.py": b"",
        "boto/a.pyi": b"",
        "boto/__pycache__/a.pyc": b"",
        "boto-1.dist-info/METADATA": b"",
        "boto-1.dist-info/RECORD": b"",
        "boto-1.dist-info/REQUESTED": b"",
        ".lock": b"",
        "flask_swagger_ui/dist/swagger-ui.css": b"",
        "flask_swagger_ui/dist/swagger-ui-es-bundle.js": b"",
        f"{data}/dynamodb/2011-12-05/service-2.json.gz": b"old",
        f"{data}/dynamodb/2012-08-10/service-2.json.gz": compressed(
            model("CreateTable", *OPERATIONS["dynamodb"])
        ),
        f"{data}/dynamodb/2012-08-10/waiters-2.json": b"{}",
        f"{data}/secretsmanager/2017-10-17/service-2.json.gz": compressed(
            model("PutSecretValue", *OPERATIONS["secretsmanager"])
        ),
        f"{data}/ec2/2016-11-15/service-2.json.gz": b"",
        f"{data}/partitions.json": b"{}",
        f"{data}/endpoints.json": json.dumps(
            {
                "version": 3,
                "partitions": [{"partition": "aws", "services": {"dynamodb": {"a": 1}, "ec2": {}}}],
            }
        ).encode(),
    }
    write(tmp_path, tree)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_no_function_reads_goes_and_all_else_stays(packages: Path) -> None:
    trim(packages)
    assert files(packages) == {
        "boto/tests.py",
        "boto/a.py",
        "boto-1.dist-info/METADATA",
        "flask_swagger_ui/dist/swagger-ui.css",
        "botocore/data/dynamodb/2012-08-10/service-2.json",
        "botocore/data/dynamodb/2012-08-10/waiters-2.json",
        "botocore/data/secretsmanager/2017-10-17/service-2.json",
        "botocore/data/partitions.json",
        "botocore/data/endpoints.json",
    }


def test_botocore_knows_the_services_and_operations_in_use(packages: Path) -> None:
    trim(packages)
    data = packages / "botocore/data"
    for service, operations in OPERATIONS.items():
        [file] = data.glob(f"{service}/*/service-2.json")
        assert file.read_text() == json.dumps(model(*operations))
    assert json.loads((data / "endpoints.json").read_text()) == {
        "version": 3,
        "partitions": [{"partition": "aws", "services": {"dynamodb": {"a": 1}}}],
    }


def test_an_operation_that_botocore_does_not_describe_fails_the_build() -> None:
    with pytest.raises(ValueError, match="botocore knows no GetItems, PutThing"):
        trimmed_model(model("GetItem"), ["PutThing", "GetItem", "GetItems"])


def test_every_action_that_a_route_is_permitted_is_left() -> None:
    permitted = {action for route in (*routes.ROUTES, routes.FALLBACK) for action in route.table}
    assert permitted - {CONDITION} <= set(OPERATIONS["dynamodb"])


def test_it_runs_alone_as_the_image_runs_it(packages: Path) -> None:
    command = [sys.executable, "-I", "-S", trim_packages.__file__, str(packages)]
    subprocess.run(command, check=True)
    assert not (packages / "bin").exists()
