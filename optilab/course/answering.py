"""The process of the answers: runs the cells of a submission once more and answers what the checks' process asks.

Nothing in here is trusted once an answer has run: whatever it does to this process, all that leaves it is values.
"""

import _posixsubprocess
import ast
import importlib.util
import io
import json
import os
import pickle
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from optilab.course.checking import ERRORS
from optilab.course.grade import peak_memory, places, time_limit
from optilab.course.values import described

ANSWER = "<your answer>"  # the file's name in errors
FILES = ("open", "os.link", "os.rename", "os.symlink")
PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn")
LIBRARIES = ("ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle")


class WithheldError(ImportError):
    """What is raised where an answer reaches for what it is to write itself."""


class Missing:
    """Stands for what could not be imported: any use of it says why."""

    def __init__(self, error: Exception):
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error if not name.startswith("__") else AttributeError(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Say why."""
        raise self._error


def withhold(modules: Iterable[str]) -> None:
    """See to it that no code of these modules, or of packages, comes into this process from here on, nor into another.

    Their files can't be opened by Python, no program can be started and no library of C be called by name. The audit
    hook stays, by design of `sys.addaudithook`; it is no wall for whoever changes what lies below Python.
    """
    modules = tuple(modules)
    if not modules:
        return
    files = [(place, module) for module in modules for place in both_places(module)]
    there = [(path, module) for place, module in files for path in files_at(place)]
    nodes: dict[tuple[int, int], str] = {}  # whatever path leads to them
    for path, module in there:
        with suppress(FileNotFoundError):  # one that was there while another process compiled
            nodes[identity(path)] = module
    names = {path.name: module for path, module in there}

    def module_of(path: str | bytes) -> str | None:
        with suppress(OSError, ValueError):
            if found := nodes.get(identity(path)):
                return found
        text = os.fsdecode(path)
        if not str.startswith(text, os.sep) and (found := names.get(str.rpartition(text, os.sep)[2])):
            return found  # which may lie in an open folder
        return code_of(os.path.realpath(text))

    def code_of(path: str) -> str | None:
        return next((module for place, module in files if path.startswith(place)), None)

    def watch(event: str, args: tuple[Any, ...]) -> None:
        module = None
        if event in FILES and not isinstance(args[0], int | None):
            module = module_of(args[0])
        elif event == "exec":
            module = code_of(args[0].co_filename)
        elif event in PROGRAMS:
            alone()
        elif event in LIBRARIES:
            raise PermissionError("in a task where you are to write something yourself no library of C can be called")
        if module:
            reason = "which can't be read where it is graded: there stands what the task asks you to write"
            raise WithheldError(f"your answer needs code of {module}, {reason}")

    for owner, name in ((_posixsubprocess, "fork_exec"), (subprocess, "_fork_exec")):  # of which no event tells
        setattr(owner, name, alone)
    sys.addaudithook(watch)


def alone(*_: Any) -> None:
    """Refuse to start a program, in a way that libraries which can do without are prepared for."""
    raise PermissionError("in a task where you are to write something yourself no other program can be started")


def identity(path: str | bytes | Path, stat: Callable[..., os.stat_result] = os.stat) -> tuple[int, int]:
    """What a file is known by on its disk, whatever its name; an answer can't put another `os.stat` in its place."""
    found = stat(path)
    return found.st_dev, found.st_ino


def both_places(module: str) -> tuple[str, ...]:
    """Where the source of a module lies, and how the names of its compiled files begin; a folder for a package."""
    place = os.path.realpath(places(module))
    if place.endswith(".py"):
        return place, str(Path(importlib.util.cache_from_source(place)).with_suffix("").with_suffix("")) + "."
    return (place + os.sep,)


def files_at(place: str) -> Iterable[Path]:
    """The files whose paths begin with what `both_places` gives."""
    path = Path(place)
    return path.rglob("*") if place.endswith(os.sep) else path.parent.glob(f"{path.name}*")


def run(cells: Iterable[str]) -> tuple[dict[str, Any], str]:
    """Run cells one after the other, statement by statement: one that fails doesn't keep the next from running.

    Returns
    -------
    dict
        The names that are defined now.
    str
        The first error, or nothing.
    """
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    names: dict[str, Any] = shell.user_ns
    first = ""
    for cell in cells:
        try:
            statements = ast.parse(shell.transform_cell(cell)).body
        except SyntaxError as error:
            first = first or f"{type(error).__name__}: {error}"
            continue
        for statement in statements:
            try:
                execute(statement, names, shell.compile)
            except BaseException as error:
                first = first or f"{type(error).__name__}: {told(error)}"
    return names, first


def execute(statement: ast.stmt, names: dict[str, Any], compiled: Callable[..., CodeType]) -> None:
    """Run one statement; of an import, name by name where something is withheld.

    IPython's way of compiling knows what has been imported from `__future__` before.
    """
    try:
        exec(compiled(ast.Module([statement], []), ANSWER, "exec"), names)
    except WithheldError as error:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            raise
        for alias in statement.names:
            if len(statement.names) > 1:
                one = ast.copy_location(type(statement)(**{**vars(statement), "names": [alias]}), statement)
                execute(one, names, compiled)
            else:
                missing = WithheldError(f"{alias.name}: {error}")
                names[alias.asname or alias.name.partition(".")[0]] = Missing(missing)


def told(error: BaseException) -> str:
    """What an error says and where in an answer it was raised."""
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == ANSWER]
    where = f" (line {places[-1].lineno} of {places[-1].name})" if places and places[-1].name != "<module>" else ""
    return f"{error}{where}"[:2000]


class Given:
    """Something of the checks that an answer was given: its calls and attributes are asked for over there."""

    def __init__(self, desk: "Desk", number: int):
        self.__dict__.update(_desk=desk, _number=number)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Have it called."""
        return self._desk.use(self._number, None, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self._desk.use(self._number, name, (), {})
        if isinstance(found, Given):  # an oracle, which stays what it is
            self.__dict__[name] = found
        return found


class Desk:
    """Where the checks' process asks."""

    def __init__(self, line: Connection, names: dict[str, Any], trouble: str):
        self.line, self.names, self.trouble = line, names, trouble
        self.functions: list[Callable[..., Any]] = []

    def serve(self) -> None:
        """Answer until nobody asks any more."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            while True:
                try:
                    request = self.receive()
                except EOFError:
                    return
                except Exception as error:  # an argument that can't be made here
                    self.send(["error", type(error).__name__, told(error)])
                    continue
                self.reply(request, time_limit)

    def receive(self) -> tuple[Any, ...]:
        """The next request."""
        reading = pickle.Unpickler(io.BytesIO(self.line.recv_bytes()))
        reading.persistent_load = self.known  # type: ignore[method-assign]
        return reading.load()

    def known(self, reference: tuple[str, int]) -> Any:
        """What is meant by a reference from over there."""
        kind, number = reference
        return Given(self, number) if kind == "given" else self.functions[number]

    def refer(self, value: Any) -> list[Any]:
        """How a function is called over there."""
        if isinstance(value, Given):
            return ["given", value._number]
        self.functions.append(value)
        return ["function", len(self.functions) - 1]

    def reply(self, request: tuple[Any, ...], limit: Callable[[float], AbstractContextManager]) -> None:
        """Do what is asked for, each call within a limit of time, and say what came of it."""
        try:
            match request:
                case ["name", str() as name] if name in self.names:
                    value = self.names[name]
                    if isinstance(value, Missing):
                        value()
                case ["name", str() as name]:
                    raise NameError(f"name {name!r} is not defined")
                case ["call", float() as seconds, int() as number, args, kwargs]:
                    with limit(seconds):
                        value = self.functions[number](*args, **kwargs)
                        answer = described(value, self.refer)  # lazy values are made here
                case ["memory", float() as seconds, int() as number, args, kwargs]:
                    with limit(seconds):
                        value = peak_memory(self.functions[number], *args, **kwargs)
            if request[0] != "call":
                answer = described(value, self.refer)
        except BaseException as error:
            why = (
                f"; the first error before that: {self.trouble}"
                if isinstance(error, NameError) and self.trouble
                else ""
            )
            self.send(["error", type(error).__name__, told(error) + why])
        else:
            self.send(["value", answer])

    def use(self, number: int, attribute: str | None, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Call what an answer was given, or ask for an attribute of it."""
        self.send(["use", number, attribute, described(list(args), self.refer), described(kwargs, self.refer)])
        while True:
            request = self.receive()
            if request[0] != "used":
                self.reply(request, nullcontext)  # the limit of the call that is being made holds on
                continue
            _, error, value, states = request
            if error:
                raise ERRORS[error](value)
            generators = [one for one in (*args, *kwargs.values()) if isinstance(one, np.random.Generator)]
            for generator, state in zip(generators, states, strict=True):  # drawn from over there
                generator.bit_generator.state = state
            return value

    def send(self, message: list[Any]) -> None:
        """Send a message."""
        self.line.send_bytes(json.dumps(message).encode())


def answer(line: Connection, cells: Iterable[str], withheld: Iterable[str]) -> None:
    """Be the process of the answers."""
    os.environ |= {"MPLBACKEND": "Agg", "PLOTLY_RENDERER": "json"}  # whoever shows a picture shows it to nobody
    withhold(withheld)
    Desk(line, *run(cells)).serve()
