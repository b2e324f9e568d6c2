"""``python engine_alone.py [TAG]`` in a checkout: its stack's program, by the Automation API and nothing around it.

With a tag the functions are given the image of that tag, which is in the stack's repository already.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from infrastructure import program, release, workspace
from infrastructure.settings import Settings


def main(stack: str, tag: str | None) -> None:
    """One ``up``; raises what the engine raises."""

    def declare() -> None:
        chosen = release.choose(Settings.load(stack), release.deployed())
        program.program(stack, replace(chosen, tag=tag, to_build=False) if tag else chosen)

    with workspace.opened(stack, may_create=False) as opened:
        opened.up(program=declare)


if __name__ == "__main__":
    main(os.environ["STACK"], sys.argv[1] if len(sys.argv) > 1 else None)
