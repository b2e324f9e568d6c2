"""An emulator that runs, and its sandboxes."""

from uuid import uuid4

from .api import Api, Login
from .sandbox import Sandbox

_MOST_OF_A_NAME = 64


class Emulator:
    """The emulator at ``url``, operated by ``login``, by default as the environment says.

    Raises ``EmulatorError`` where ``url`` is none.
    """

    def __init__(self, url: str, login: Login | None = None) -> None:
        self._api = Api(url, login)
        self.url = self._api.url
        """Its base URL: that of the sandbox ``default``."""

    def __repr__(self) -> str:
        return f"<Emulator {self.url}>"

    def sandbox(self, name: str) -> Sandbox:
        """The sandbox of this name, whether it is there already or not."""
        return Sandbox(self._api, name)

    def fresh(self, title: str = "test") -> Sandbox:
        """A sandbox that nobody has used, named after ``title``."""
        letters = [letter if letter.isascii() and letter.isalnum() else "-" for letter in title.lower()]
        words = "-".join(word for word in "".join(letters).split("-") if word)
        unique = uuid4().hex[:16]
        return self.sandbox(f"{words[: _MOST_OF_A_NAME - len(unique) - 1].strip('-') or 'test'}-{unique}")
