"""Reads YAML, and refuses a key that stands twice in a mapping."""

from pathlib import Path
from typing import Any, override

import yaml


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, of which YAML's own loader takes the last."""

    @override
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        known: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in known:
                    raise ValueError(f"{key.value} stands twice (again in line {key.start_mark.line + 1})")
                known.add(key.value)
        return node


def load(path: Path) -> Any:
    """The content of the YAML file ``path``; ``None`` when there is none in it.

    Raises ``ValueError``, of one line, where it is no UTF-8 text or no YAML, or has a key twice.
    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        return loader.get_single_data()
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {' '.join(str(error).split())}") from error
