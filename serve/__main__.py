"""``python -m serve``: the whole API on this machine, without Docker and without AWS."""

import argparse
import os
import sys
from collections.abc import Sequence

from serve.errors import ServeError
from serve.options import add_options, options_of


def main(arguments: Sequence[str] | None = None, program: str = "serve") -> int:
    """Serves as ``arguments`` of the command ``program`` say; the exit code: 0 when a signal ended it, 1 when it
    could not serve."""
    parser = argparse.ArgumentParser(
        prog=program, description="Serve the whole API on this machine, without Docker and AWS."
    )
    add_options(parser)
    options = options_of(parser.parse_args(arguments))
    from serve.server import serve

    try:
        serve(options)
    except ServeError as error:
        if os.environ.get("DEBUG"):
            raise
        sys.stderr.write(f"error: {error.cause}\n")
        if error.remedy:
            sys.stderr.write(f"  {error.remedy}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
