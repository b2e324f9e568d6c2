"""``python -m openapi`` writes the description of the tree's API to ``handlers/openapi.json``.

With ``--check`` it writes nothing and fails where the committed file is another, or where a row of the route table
names what is not there; each fault is a line on standard output.
"""

import argparse
import json
import sys
from pathlib import Path

from openapi.document import document, operations
from openapi.responses import plain

FILE = Path(__file__).resolve().parents[1] / "handlers" / "openapi.json"
STALE = "handlers/openapi.json is not that of the tree: make openapi writes it anew"


def main() -> int:
    """Runs the command; its exit code, 1 when there are faults."""
    parser = argparse.ArgumentParser(prog="python -m openapi", description="Describe the API of this tree.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the file is another")
    options = parser.parse_args()
    made, faults = operations()
    if not faults:
        text = json.dumps(plain(document(made)), indent=1, ensure_ascii=False) + "\n"
        if options.check:
            faults = [] if FILE.exists() and FILE.read_text(encoding="utf-8") == text else [STALE]
        else:
            FILE.write_text(text, encoding="utf-8")
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
