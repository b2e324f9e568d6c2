"""The stand-in base image: Python 3.13 made of Debian packages, for local stacks only.

It has what the functions' image and its build use of the official one: Python and pip in ``/var/lang``, the runtime
client, the runtime interface emulator and ``/lambda-entrypoint.sh``, which starts either.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import certificates, disk, docker_daemon, packages, paths, private, processes

if TYPE_CHECKING:
    from docker import DockerClient

REPOSITORY = "psn-emulator/lambda-python"
SUITE = "trixie"
PACKAGES = ("ca-certificates", "python3", "python3-venv")
RUNTIME = ("awslambdaric==4.2.2", "simplejson==4.3.0", "snapshot-restore-py==1.0.0")
"""The Lambda runtime client and its dependencies, installed with the interpreter."""

EMULATOR = "aws-sam-cli==1.170.0"
"""The package with the runtime interface emulator, the only file of it that is used."""

_ENTRYPOINT = Path(__file__).parent / "stand_in" / "lambda-entrypoint.sh"
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_VARIABLES = {
    "LANG": "C.UTF-8",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "LAMBDA_TASK_ROOT": "/var/task",
    "PIP_CERT": _BUNDLE,
    "REQUESTS_CA_BUNDLE": _BUNDLE,
    "SSL_CERT_FILE": _BUNDLE,
}
_SETTINGS = (
    *(f"ENV {name}={value}" for name, value in _VARIABLES.items()),
    "WORKDIR /var/task",
    'ENTRYPOINT ["/lambda-entrypoint.sh"]',
)
_DROPPED = (
    *("dev/*", "proc/*", "run/*", "sys/*", "tmp/*"),
    *("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man"),
    *("var/cache/apt/*", "var/lib/apt/lists/*", "var/log/*"),
)
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_DEBOOTSTRAP_SECONDS = 1800
_MIB = 1024


def reference() -> str:
    """The image's name. Its tag ends in 12 digits of the hash of all that it is made of."""
    recipe = [SUITE, PACKAGES, RUNTIME, EMULATOR, _ENTRYPOINT.read_text(), _SETTINGS, _DROPPED]
    digest = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()
    return f"{REPOSITORY}:3.13-{digest[:12]}"


def obstacle() -> str | None:
    """The reason why the image cannot be made on this machine; ``None`` when it can."""
    if not docker_daemon.can_install():
        return "it is made of Debian packages, and this is neither Debian nor Ubuntu"
    if not docker_daemon.is_root():
        return "making it takes root"
    if platform.machine() not in _ARCHITECTURES:
        return f"there is no runtime interface emulator for {platform.machine()}"
    return None


def make(client: "DockerClient", name: str) -> None:
    """Makes the image and imports it into Docker as ``name``.

    Raises ``DeployError`` when a package cannot be downloaded, Docker refuses the image or the disk is full.
    """
    why = "a stand-in for Lambda's own, from Debian packages; about a minute, once"
    folder = paths.cache()
    with (
        display.progress("Making the base image", why) as step,
        disk.reporting_errors(folder),
        tempfile.TemporaryDirectory(prefix=".base-image-", dir=folder, ignore_cleanup_errors=True) as draft,
        private.public_files(),
    ):
        disk.require_space(folder, _MIB, "to make the base image")
        root, archive = Path(draft) / "root", Path(draft) / "root.tar"
        step.detail = "Debian packages"
        _bootstrap(root)
        step.detail = "the Lambda runtime"
        _install_runtime(root, Path(draft))
        _remove_unneeded(root)
        step.detail = "handing it to Docker"
        _run(["tar", "-C", root, "--numeric-owner", "-cf", archive, "."], "The base image cannot be packed")
        _import(client, archive, name)


def debian_mirror(
    sources: Sequence[Path] | None = None, release: Path = Path("/etc/os-release")
) -> str | None:
    """The URL of the Debian archive in apt's ``sources``; ``None`` where this system is not Debian."""
    if not release.exists() or not re.search(r"^ID=\"?debian", release.read_text(), re.MULTILINE):
        return None
    if sources is None:
        sources = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for path in sources:
        text = path.read_text() if path.is_file() else ""
        for url in re.findall(r"^(?:URIs:|deb\s+(?:\[.*?\])?)\s*(https?://\S+)", text, re.MULTILINE):
            if url.rstrip("/").endswith("/debian"):
                return str(url)
    return None


def _bootstrap(root: Path) -> None:
    if not shutil.which("debootstrap"):
        docker_daemon.apt_install("debootstrap")
    if not _KEYRING.exists():
        docker_daemon.apt_install("debian-archive-keyring")
    options = ["--variant=minbase", f"--include={','.join(PACKAGES)}", f"--keyring={_KEYRING}"]
    archive = debian_mirror()
    _run(
        ["debootstrap", *options, SUITE, root, *([archive] if archive else [])],
        "The Debian packages of the base image cannot be had",
        limit=_DEBOOTSTRAP_SECONDS,
    )
    if bundle := certificates.host_bundle():
        shutil.copyfile(bundle, root / _BUNDLE.lstrip("/"))


def _install_runtime(root: Path, draft: Path) -> None:
    _run(["chroot", root, "python3", "-m", "venv", "/var/lang"], "The base image's Python cannot be set up")
    target = root / "var/lang/lib/python3.13/site-packages"
    for index, requirement in enumerate(RUNTIME):
        unpacked = draft / f"runtime-{index}"
        packages.unpack(requirement, unpacked, python="3.13")
        shutil.copytree(unpacked, target, dirs_exist_ok=True)
    packages.unpack(EMULATOR, draft / "emulator", python="3.13")
    emulator = f"aws-lambda-rie-{_ARCHITECTURES[platform.machine()]}"
    _install_executable(
        draft / "emulator/samcli/local/rapid" / emulator, root / "usr/local/bin/aws-lambda-rie"
    )
    _install_executable(_ENTRYPOINT, root / "lambda-entrypoint.sh")
    (root / "var/task").mkdir(mode=0o755, exist_ok=True)
    compiler = ["/var/lang/bin/python3.13", "-m", "compileall", "-q", "/var/lang/lib"]
    _run(["chroot", root, *compiler], "The base image's Python does not run")


def _install_executable(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o755)


def _remove_unneeded(root: Path) -> None:
    for pattern in _DROPPED:
        for path in root.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _run(command: Sequence[str | Path], failure: str, limit: float = 300) -> None:
    outcome = processes.run(command, limit=limit, environment={"LC_ALL": "C.UTF-8", "PATH": _path()})
    if not outcome.ok:
        raise DeployError(f"{failure}: {outcome.last_line}", "Check the network, then run this again.")


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


def _import(client: "DockerClient", archive: Path, name: str) -> None:
    from docker.errors import DockerException

    repository, tag = name.rsplit(":", 1)
    try:
        answer = client.api.import_image_from_file(
            str(archive), repository=repository, tag=tag, changes=list(_SETTINGS)
        )
    except DockerException as error:
        raise DeployError(f"Docker refuses the base image: {error}", "Look at Docker's log.") from error
    if "no space left" in answer:
        raise disk.disk_full_error("Docker's data folder")
    if '"error"' in answer:
        raise DeployError(f"Docker refuses the base image: {answer}", "Look at Docker's log.")
