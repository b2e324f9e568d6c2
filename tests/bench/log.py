"""Where the application's log goes while it is measured in process."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from logging import StreamHandler

from utils.logger import logger


@contextmanager
def discarded() -> Iterator[None]:
    """The log lines are made and written, and nobody sees them."""
    handler = logger.registered_handler
    assert isinstance(handler, StreamHandler)
    before = handler.setStream(StringIO())
    try:
        yield
    finally:
        handler.setStream(before)
