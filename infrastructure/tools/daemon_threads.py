"""Calls made at once in threads that a command does not wait for at its end, as it does for those of an executor."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

_AT_ONCE = 8


def each[Item, Result](function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What ``function`` returns of each of ``items``, in their order; eight calls at once. Raises what the first call
    that failed has raised."""
    waiting = deque(enumerate(items))
    number, results, errors = len(waiting), dict[int, Result](), list[Exception]()

    def work() -> None:
        while waiting and not errors:
            try:
                place, item = waiting.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                results[place] = function(item)
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(_AT_ONCE, number))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[place] for place in range(number)]
