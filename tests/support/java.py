"""Programs in Java that run on a JDK of this machine, with libraries that its Maven fetched once."""

import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.tools import paths


def launcher() -> Path:
    """The ``java`` beside the machine's ``javac``, for it compiles what it runs."""
    return tool("javac").with_name("java")


def tool(name: str) -> Path:
    """The machine's ``javac`` or ``mvn``; the test fails in one line where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(
            f"There is no {name} on PATH: install a JDK of version 17 or later, and Maven", pytrace=False
        )
    return Path(found)


def libraries(project: Path) -> Path:
    """The folder with the libraries of the ``pom.xml`` of ``project``, which are those that its ``jars.sha256`` names.

    They are fetched into the project's cache where they are not there. Where they cannot be had, or are others, the
    test fails with that in one line.
    """
    lock = project / "jars.sha256"
    folder = paths.cache() / f"{project.name}-{sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".draft-", dir=folder.parent) as draft:
            jars = Path(draft) / "jars"
            _fetch(project / "pom.xml", jars)
            found = "".join(
                f"{sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n" for jar in sorted(jars.iterdir())
            )
            if found != lock.read_text():
                pytest.fail(f"Maven brought other libraries than {lock} names:\n{found}", pytrace=False)
            jars.rename(folder)
    return folder


def _fetch(pom: Path, folder: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    maven = subprocess.run(
        [tool("mvn"), "-q", "-B", "-f", pom, *goal],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if maven.returncode:
        reason = next((line for line in maven.stdout.splitlines() if "ERROR" in line), maven.stderr.strip())
        pytest.fail(f"Maven cannot bring what {pom} names: {reason}", pytrace=False)
