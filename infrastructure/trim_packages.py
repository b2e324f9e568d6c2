"""Takes out of the image's packages what no function reads, which would cost size and start-up time.

The Dockerfile runs it in the image's build stage, with the standard library alone, which is all that Lambda's base
image has: neither ``find`` nor ``gzip``::

    python trim_packages.py packages
"""

import gzip
import json
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

OPERATIONS = {
    "dynamodb": (
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "secretsmanager": ("GetSecretValue",),
}
"""The services in use, by botocore's names, and the operations in use: a client of DynamoDB that knows no others
starts in four fifths of the time. Another service or operation is one line here."""

SWAGGER_UI = frozenset(
    {"swagger-ui.css", "swagger-ui-bundle.js", "oauth2-redirect.html", "oauth2-redirect.js", "LICENSE"}
)
"""What the page of ``GET /docs`` needs of Swagger UI, which comes in several builds."""

_FOLDERS = ("bin", "**/tests", "**/__pycache__")
_FILES = ("**/*.pyi", "**/.lock", "**/*.dist-info/RECORD", "**/*.dist-info/REQUESTED")
"""Tests, stubs and an installer's notes. Bytecode is compiled after the trimming."""


def trim(packages: Path) -> None:
    """Trims the folder of installed ``packages`` in place.

    Raises ``ValueError`` where botocore does not describe one of ``OPERATIONS``, and ``OSError`` where botocore or
    Swagger UI is not there.
    """
    for folder in [folder for pattern in _FOLDERS for folder in packages.glob(pattern)]:
        shutil.rmtree(folder, ignore_errors=True)  # a folder in one that is gone is gone too
    for file in [file for pattern in _FILES for file in packages.glob(pattern)]:
        file.unlink()
    trim_botocore(packages / "botocore" / "data")
    for file in list((packages / "flask_swagger_ui" / "dist").iterdir()):
        if file.name not in SWAGGER_UI:
            file.unlink()


def trim_botocore(data: Path) -> None:
    """Leaves of botocore's descriptions of every service, version and operation those in use."""
    for folder in [path for path in data.iterdir() if path.is_dir()]:
        older = sorted(folder.iterdir())[:-1]
        for unused in older if folder.name in OPERATIONS else [folder]:
            shutil.rmtree(unused)
    for service, operations in OPERATIONS.items():
        [compressed] = data.glob(f"{service}/*/service-2.json.gz")
        model = json.loads(gzip.decompress(compressed.read_bytes()))
        compressed.with_suffix("").write_text(json.dumps(trimmed_model(model, operations)))
        compressed.unlink()
    endpoints = json.loads((data / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        partition["services"] = {
            name: regions for name, regions in partition["services"].items() if name in OPERATIONS
        }
    (data / "endpoints.json").write_text(json.dumps(endpoints))


def trimmed_model(model: dict[str, Any], operations: Collection[str]) -> dict[str, Any]:
    """The description of a service (botocore's ``service-2.json``) with these operations and their shapes only.

    They stay in their order, so that the same packages give the same image. Raises ``ValueError`` for an operation that
    is not described.
    """
    kept = {name: item for name, item in model["operations"].items() if name in operations}
    if missing := set(operations) - kept.keys():
        raise ValueError(f"botocore knows no {', '.join(sorted(missing))}")
    needed, referenced = set(), _shape_names(kept)
    while referenced:
        needed |= referenced
        referenced = _shape_names([model["shapes"][name] for name in referenced]) - needed
    shapes = {name: shape for name, shape in model["shapes"].items() if name in needed}
    return model | {"operations": kept, "shapes": shapes}


def _shape_names(part: Any) -> set[str]:
    """The names of the shapes that a part of a model refers to."""
    if isinstance(part, list):
        return {name for item in part for name in _shape_names(item)}
    if not isinstance(part, dict):
        return set()
    own = {part["shape"]} if isinstance(part.get("shape"), str) else set()
    return own | _shape_names(list(part.values()))


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
