"""axe-core, which finds what keeps people from using a page."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_FAULTS = """async (without) => {
  const { violations } = await axe.run(without ? { exclude: [without] } : document);
  return violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) }));
}"""


def faults(page: Page, *, without: str | None = None) -> list[dict[str, Any]]:
    """The rules that ``page`` breaks, and where; the part ``without`` is not looked at."""
    page.evaluate(_AXE)
    found: list[dict[str, Any]] = page.evaluate(_FAULTS, without)
    return found
