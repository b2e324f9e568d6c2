"""How a container serves: the image's entry point, and the compose file."""

import argparse
import os
import re
import subprocess
from pathlib import Path

import yaml

from infrastructure.commands.run_local import LOCAL_IMAGE
from serve.options import PORT, add_options, options_of


def test_the_entry_point_serves_from_its_folder_whatever_the_container_s_is(
    project: Path, tmp_path: Path
) -> None:
    python = tmp_path / "python3.13"
    python.write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    command = ["sh", str(project / "entrypoint.sh"), "serve", "--public-url", "http://a b"]
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    started = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    served = [str(project), "-m", "serve", "--host", "0.0.0.0", "--public-url", "http://a b"]  # noqa: S104
    assert started.stdout.splitlines() == served


def test_the_compose_file_serves_what_build_local_makes(project: Path) -> None:
    text = (project / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+):-", text)) == {
        f"PSN_EMULATOR_{name}" for name in ("IMAGE", "PORT", "PUBLIC_URL")
    }
    plain, replaced = text, 1
    while replaced:  # a default may hold another
        plain, replaced = re.subn(r"\$\{\w+:-([^${}]*)\}", r"\1", plain)
    [service] = yaml.safe_load(plain)["services"].values()
    assert (service["image"], service["ports"]) == (LOCAL_IMAGE, [f"127.0.0.1:{PORT}:{PORT}"])
    first, *options = service["command"]
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert first == "serve"
    [name] = yaml.safe_load(text)["services"]
    assert options_of(parser.parse_args(options)).urls(PORT)[:2] == (
        f"http://localhost:{PORT}",
        f"http://{name}:{PORT}",
    )
