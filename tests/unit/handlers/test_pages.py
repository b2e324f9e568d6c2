"""The templates of the pages; what the pages say is tested where they are shown."""

import re
import subprocess
import sys
from pathlib import Path

STARTING = """
from handlers import authorize, logout, pages
print(pages._template.cache_info().currsize)
"""


def test_a_function_starts_without_reading_any(project: Path) -> None:
    start = [sys.executable, "-c", STARTING]
    started = subprocess.run(start, cwd=project, capture_output=True, text=True, check=True)
    assert started.stdout == "0\n"


def test_each_is_shown_by_a_page(project: Path) -> None:
    shown = set(re.findall(r"_render\(\s*\"(\w+)\"", (project / "handlers" / "pages.py").read_text()))
    assert shown == {path.stem for path in (project / "handlers" / "templates").iterdir()}
