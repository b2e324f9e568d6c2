"""How many lines a scenario takes in a tool's script: those of its function and of all in the script that it
needs."""

import ast
from pathlib import Path


def needed(script: Path, *functions: str) -> int:
    """The lines of code of the ``functions`` and of the script's own functions and constants that they reach, each
    counted once; without blank lines, comments, docstrings, and what is between them at the top of the script."""
    source = script.read_text(encoding="utf-8")
    definitions = _definitions(ast.parse(source))
    reached: set[str] = set()
    waiting = list(functions)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            names = {node.id for node in ast.walk(definitions[name]) if isinstance(node, ast.Name)}
            waiting += names & definitions.keys()
    text = source.splitlines()
    code = set[int]().union(*(_lines(definitions[name], text) for name in reached))
    return len(code)


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement
        elif isinstance(statement, ast.Assign):
            found |= {target.id: statement for target in statement.targets if isinstance(target, ast.Name)}
    return found


def _lines(definition: ast.stmt, text: list[str]) -> set[int]:
    """The numbers of its lines of code."""
    assert definition.end_lineno is not None
    numbers = set(range(definition.lineno, definition.end_lineno + 1))
    for node in ast.walk(definition):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            numbers -= set(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return {number for number in numbers if text[number - 1].strip() and text[number - 1].strip()[0] != "#"}
