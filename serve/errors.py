"""Why the server cannot serve."""


class ServeError(Exception):
    """A failure that its reader can act on: ``cause`` says what is wrong, ``remedy`` what to do about it."""

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
