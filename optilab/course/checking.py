"""The process of a check: runs it on what the answers' process tells, whose code it never touches."""

import ast
import builtins
import io
import json
import pickle
import signal
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import is_dataclass
from functools import partial
from multiprocessing.connection import Connection
from types import FunctionType, MethodType, NoneType
from typing import Any

import numpy as np

from optilab.course.processes import PACKAGE, Verdict, withheld
from optilab.course.values import restored, states

FUNCTIONS = (FunctionType, MethodType, partial)
LARGEST = 1 << 27  # bytes of a message
LONGEST = 20_000  # characters of what a check prints
ALWAYS = 60.0  # seconds for a call outside any `exam`
ORDINARY = (
    (ArithmeticError, AttributeError, FloatingPointError, ImportError, IndexError, KeyError, NameError),
    (NotImplementedError, OverflowError, RuntimeError, TypeError, ValueError, ZeroDivisionError, np.linalg.LinAlgError),
)
REASONS = ("AssertionError", "WithheldError")  # whose text is for students
ERRORS: dict[str, type[Exception]] = {kind.__name__: kind for group in ORDINARY for kind in group}


class StandIn:
    """A function of the answers: it is called in their process."""

    def __init__(self, answers: "Answers", number: int):
        self._answers, self._number = answers, number

    def __repr__(self) -> str:
        return "a function"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Have it called."""
        return self._answers.ask("call", remaining(), self._number, args, kwargs)

    def peak_memory(self, *args: Any, **kwargs: Any) -> float:
        """How many bytes at once a call takes over there."""
        return self._answers.ask("memory", remaining(), self._number, args, kwargs)

    def without(self, *modules: str) -> "StandIn":
        """The same function, once it is sure that its process knows nothing of these modules."""
        told = self._answers.withheld
        if not set(modules) <= set(told):
            raise ValueError(f"own_work must be given modules whose names stand in the check, {told}, got {modules}")
        return self


def remaining() -> float:
    """Seconds of processor time that the `exam` around leaves."""
    return signal.getitimer(signal.ITIMER_PROF)[0] or ALWAYS


class Writing(pickle.Pickler):
    """Writes requests: plain values and problems as they are, everything else by number."""

    def __init__(self, file: io.BytesIO, answers: "Answers"):
        super().__init__(file)
        self.answers = answers

    def persistent_id(self, value: Any) -> tuple[str, int] | None:
        """The number under which the answers know a value, or nothing."""
        if isinstance(value, StandIn):
            return "function", value._number
        kind = type(value)
        parts = kind.__module__.split(".")
        data = issubclass(kind, tuple) or ("problems" in parts and is_dataclass(kind))
        copied = data and not kind.__module__.startswith(self.answers.withheld)
        if isinstance(value, FunctionType) and value is getattr(
            sys.modules.get(value.__module__), value.__name__, None
        ):
            parts = value.__module__.split(".")  # of a library, which is there as well
        elif isinstance(value, FUNCTIONS):
            return "given", self.answers.number(value)
        if parts[0] in (PACKAGE, "__main__") and not copied:
            return "given", self.answers.number(value)
        return None


class Answers:
    """The process of the answers, asked from here."""

    def __init__(self, line: Connection, withheld: Iterable[str]):
        self.line, self.withheld = line, tuple(withheld)
        self.given: list[Any] = []
        self.numbers: dict[int, int] = {}

    def number(self, value: Any) -> int:
        """Under which number a value is known over there."""
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.given)
            self.given.append(value)
        return self.numbers[id(value)]

    def refer(self, kind: str, number: int) -> Any:
        """What is meant by a reference from over there."""
        if kind == "function" and number >= 0:
            return StandIn(self, number)
        if kind == "given" and 0 <= number < len(self.given):
            return self.given[number]
        raise ValueError(f"nothing is known as {kind} {number}")

    def ask(self, *request: Any) -> Any:
        """Ask for a name or a call.

        Raises
        ------
        Exception
            The answer's own, if it is an ordinary one.
        AssertionError
            If the process has ended, or answers what no answer may be.
        """
        try:
            self.send(request)
            while True:
                match json.loads(self.line.recv_bytes(LARGEST)):
                    case ["value", value]:
                        return restored(value, self.refer)
                    case ["error", str() as kind, str() as text]:
                        break
                    case ["use", int() as number, attribute, args, kwargs] if 0 <= number < len(self.given):
                        self.send(("used", *self.used(number, attribute, args, kwargs)))
                    case message:
                        raise ValueError(str(message)[:60])
        except (OSError, EOFError) as error:
            raise AssertionError(
                "the process of your answers has ended: do they exit, or run out of memory?"
            ) from error
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise AssertionError(f"your answer is nothing that can be graded: {error}") from error
        if kind in ERRORS:
            raise ERRORS[kind](text)
        raise AssertionError(text if kind in REASONS else f"your answer ends with {kind}: {text}")

    def used(self, number: int, attribute: Any, args: Any, kwargs: Any) -> tuple[str, Any, list[Any]]:
        """What a call or an attribute of something given is, and how far generators have come.

        Or else, the name in `ERRORS` of an error, and its text.
        """
        thing = self.given[number]
        try:
            if attribute is None:
                args, kwargs = restored(args, self.refer), restored(kwargs, self.refer)
                return "", thing(*args, **kwargs), states(args, kwargs)
            if not isinstance(attribute, str) or attribute.startswith("_") or isinstance(thing, FUNCTIONS):
                raise AttributeError(f"no attribute {attribute!r} here")
            return "", getattr(thing, attribute), []
        except AssertionError:  # a check's own complaint, or its limit of time
            raise
        except Exception as error:
            ordinary = [kind.__name__ for kind in type(error).__mro__ if kind in ERRORS.values()]
            if type(error).__name__ in ordinary:
                return ordinary[0], str(error), []
            return [*ordinary, "RuntimeError"][0], f"{type(error).__name__}: {error}", []

    def send(self, request: tuple[Any, ...]) -> None:
        """Send a request."""
        if plain(request):  # nearly always, and four times as quick
            self.line.send_bytes(pickle.dumps(request))
            return
        written = io.BytesIO()
        Writing(written, self).dump(request)
        self.line.send_bytes(written.getvalue())


def plain(value: Any) -> bool:
    """Whether a value is made of numbers, text and arrays alone."""
    kind = type(value)
    if kind is tuple or kind is list:
        return all(map(plain, value))
    if kind is dict:
        return all(map(plain, value.values()))
    return kind in (float, int, bool, str, NoneType) or (kind is np.ndarray and not value.dtype.hasobject)


def asked(check: ast.AST, known: Iterable[str]) -> list[str]:
    """The names that a check takes from the answers: those that it uses and nobody else defines."""
    used, own = set(), {*known, *dir(builtins)}
    for node in ast.walk(check):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                own.add(name)
            case ast.ExceptHandler(name=str() as name):
                own.add(name)
            case ast.alias(name=name, asname=other):
                own.add(other or name.partition(".")[0])
    return sorted(used - own)


def judged(line: Connection, locked: Iterable[str], check: str) -> Verdict:
    """Run a check.

    Parameters
    ----------
    line : Connection
        To the process of the answers.
    locked : iterable of str
        The cells of the assignment that set up.
    check : str
        The cell of the check.
    """
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            names: dict[str, Any] = {"__name__": "__main__"}
            for cell in locked:
                exec(compile(cell, "<set-up>", "exec"), names)
            tree = ast.parse(check)
            answers = Answers(line, withheld(check))
            for name in asked(tree, names):
                try:
                    names[name] = answers.ask("name", name)
                except TypeError as error:
                    raise AssertionError(f"{name} is {error}") from error
            exec(compile(tree, "<check>", "exec"), names)
    except BaseException as error:
        return Verdict(printed.getvalue()[:LONGEST], type(error).__name__, str(error)[:LONGEST])
    return Verdict(printed.getvalue()[:LONGEST], "", "")
