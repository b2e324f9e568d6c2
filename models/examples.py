"""Examples of models, for the API's description.

A module of models has a function ``examples`` that gives them by model and title, so that no function builds them when
it starts. Those of a body and of a parameter are values as a client sends them, those of an answer are instances. Of
several examples of an answer, that of a status has the status for its title.
"""

from collections.abc import Mapping
from typing import Any

type Examples = Mapping[Any, Mapping[str, Any]]
