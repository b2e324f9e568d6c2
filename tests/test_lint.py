"""What the tools say of the project."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest


def test_style_types_security_rules_and_import_directions_hold(project: Path) -> None:
    result = subprocess.run(["make", "-s", "lint"], cwd=project, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


STARTED = ("infrastructure.__main__", "infrastructure.cli", "infrastructure.trim_packages")
"""The modules of infrastructure that are started, and imported by none."""


def test_every_module_of_infrastructure_is_imported_by_another_or_started() -> None:
    graph = grimp.build_graph("infrastructure")
    leaves = {name for name in graph.modules if not graph.find_children(name)}
    unused = {name for name in leaves if not graph.find_modules_that_directly_import(name)}
    assert unused == {name for name in STARTED if name in leaves}


def test_types_are_followed_into_every_aws_service_that_is_named(project: Path) -> None:
    mypy = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["mypy"]
    followed = {name for part in mypy["overrides"] for name in part["module"]}
    sources = [path for folder in ("infrastructure", "tests") for path in (project / folder).rglob("*.py")]
    named = {name for path in sources for name in re.findall(r"\baws\.(\w+)\.[A-Z]", path.read_text())}
    assert {"lambda_", "apigatewayv2"} <= named
    assert named <= {name.split(".")[1] for name in followed if name.startswith("pulumi_aws.")}


FOLDERS = (
    *("handlers", "models", "seeding", "serve", "services", "utils", "openapi", "infrastructure"),
    "psn_partner_emulator",
)
UPWARDS = {
    "infrastructure/stack/names.py": "infrastructure.release.release",
    "infrastructure/tools/disk.py": "infrastructure.local.aws",
    "infrastructure/cloud/session.py": "infrastructure.local.aws",
    "utils/etags.py": "services.clock",
    "services/players/players.py": "services.identity.users",
    "models/player.py": "utils.etags",
    "handlers/health.py": "openapi.document",
    "services/clock.py": "seeding.seeds",
    "seeding/seeds.py": "infrastructure.stack.settings",
    "infrastructure/stack/loading.py": "serve.options",
    "serve/options.py": "infrastructure.errors",
}
"""An import that runs up, or to the side, by the module that would have it."""


@pytest.mark.parametrize("path", UPWARDS)
def test_an_import_that_does_not_go_down_is_refused(project: Path, tmp_path: Path, path: str) -> None:
    for folder in FOLDERS:
        shutil.copytree(
            project / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "engine_build")
        )
    shutil.copy(project / "pyproject.toml", tmp_path)
    with (tmp_path / path).open("a") as module:
        module.write(f"\nimport {UPWARDS[path]}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert f"{path.removesuffix('.py').replace('/', '.')} -> {UPWARDS[path]}" in found.stdout


def imports(file: Path) -> set[str]:
    """The top names of what a module imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found - sys.stdlib_module_names


def test_the_modules_beside_the_folders_keep_to_what_they_may_import(project: Path) -> None:
    assert imports(project / "routes.py") == set()
    assert imports(project / "variables.py") == set()
    assert imports(project / "account_rules.py") == {"routes"}
    assert imports(project / "main.py") == {"routes", "handlers"}
    assert imports(project / "authorizer.py") == {"routes", "services", "utils"}
    assert imports(project / "infrastructure" / "get_image_tag.py") == set()


READ_TABLES = {
    "routes.py": {
        "cloud/login_probe",
        "cloud/logs",
        "cloud/probe",
        "commands/run_local",
        "program/gateway",
        "stack/alarms",
        "stack/environment_rules",
        "stack/function_specs",
    },
    "account_rules.py": {"stack/seeds"},
    "variables.py": {"automation/protection", "commands/run_local", "program/stack"},
    "main.py": set(),
    "authorizer.py": set(),
}
"""The modules of infrastructure that import a module beside the folders, by that module."""


@pytest.mark.parametrize("table", READ_TABLES)
def test_few_modules_of_infrastructure_read_the_tables_and_none_what_serves_requests(
    project: Path, table: str
) -> None:
    folder = project / "infrastructure"
    name = table.removesuffix(".py")
    readers = {
        str(file.relative_to(folder).with_suffix(""))
        for file in folder.rglob("*.py")
        if name in imports(file)
    }
    assert readers == READ_TABLES[table]


def test_infrastructure_has_few_modules_beside_its_folders(project: Path) -> None:
    assert len(list((project / "infrastructure").glob("*.py"))) <= 8
