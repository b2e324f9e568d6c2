"""What a command says when it cannot go on."""


class DeployError(Exception):
    """A failure that its reader can act on.

    ``cause`` is one line that says what is wrong, ``remedy`` one line that says what to do about it. The command
    line prints both and exits with 1; a traceback is shown only with ``DEBUG=1``.
    """

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy

    @property
    def line(self) -> str:
        """Cause and remedy in one line."""
        return f"{self.cause} {self.remedy}".strip()
