"""What a command can't do, said in one sentence instead of a traceback."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from optilab.core.check import require

Looked = TypeVar("Looked")


class RefusedError(Exception):
    """Ends a command: its message is printed, and the exit status is 1."""


@contextmanager
def files(doing: str) -> Iterator[None]:
    """Refuse where a file or folder can't be read or written: what was `doing`, what is wrong, and with which."""
    try:
        yield
    except OSError as error:
        raise RefusedError(f"{doing}: {error.filename}: {error.strerror}") from error


def argument(look_up: Callable[[str], Looked]) -> Callable[[str], Looked]:
    """Make a look-up that raises `ValueError` the type of an argument, whose message the reader then sees."""

    def convert(text: str) -> Looked:
        try:
            return look_up(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return convert


def count(text: str) -> int:
    """A whole number, at least one."""
    require(text.isdecimal() and int(text) >= 1, "it", text, "a whole number, 1 or more")
    return int(text)
