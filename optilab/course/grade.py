"""What the checks of an assignment stand on: quiet and a limit of time, a watch for borrowed work, untouched checks."""

import ast
import inspect
import io
import logging
import signal
import sys
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import UndefinedFunction

from optilab.core.check import require
from optilab.course.checking import StandIn

UNDEFINED = (sp.oo, -sp.oo, sp.zoo, sp.nan)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop what computes for longer: `with time_limit(20): …`, in seconds of this process, however busy the machine.

    Only the main thread of a system with such alarms (not Windows) can be stopped; elsewhere nothing is limited.

    Raises
    ------
    AssertionError
        When the time is over; the message gives the limit.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"checking your answer took longer than {seconds:g} s: is there a loop without an end?")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again and again, lest it be caught in the loop
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def exam(seconds: float = 20) -> Iterator[None]:
    """Where answers are checked: within a limit of time, and with warnings, logs and what goes to stderr left unsaid.

    nbgrader takes anything on stderr, a progress bar or a division by zero that `numpy.where` drops, for a failure.
    """
    disabled = logging.root.manager.disable
    logging.disable()  # a handler that was made before keeps the stderr of its day
    try:
        with time_limit(seconds), warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def allowed(check: str) -> float:
    """Seconds of processor time that the `exam`s in the text of a check allow together.

    Each counts once, and with what it allows by itself unless a number stands there.
    """
    usual = inspect.signature(exam).parameters["seconds"].default
    total = 0.0
    for node in ast.walk(ast.parse(check)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "exam":
            match [*node.args, *(option.value for option in node.keywords)]:
                case [ast.Constant(value=float() | int() as seconds)]:
                    total += seconds
                case _:
                    total += usual
    return total


def fresh(name: str) -> ModuleType:
    """The module of that name, for hidden tests, which run where no answer has been: it is as in its file."""
    return import_module(name)


def places(module: str) -> str:
    """Where the code of a module or package lies: a file, or a folder."""
    spec = find_spec(module)
    require(spec is not None, "the module", module, "one that can be imported")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent) + "/" if spec.submodule_search_locations else spec.origin


def own_work(answer: Callable[..., Any], *modules: str) -> Callable[..., Any]:
    """A student's function, watched: no code of `modules` may run inside it.

    In the student's own kernel, where this is to say in time what is borrowed, its calls are watched; what it is given
    may call what it likes outside `modules`, and a function that it returns is watched as well. Where it is graded its
    process can't read the files of `modules` at all.

    Parameters
    ----------
    answer : callable
        The student's.
    *modules : str
        Names of the modules or packages that hold what the student is to write.

    Returns
    -------
    callable
        The same function; its call raises an `AssertionError` that names what was borrowed.
    """
    assert callable(answer), f"a function is asked for, not {answer!r}"
    if isinstance(answer, StandIn):
        return answer.without(*modules)
    folders = tuple(places(module) for module in modules)

    def watched(*args: Any, **kwargs: Any) -> Any:
        borrowed: list[str] = []

        def watch(frame: FrameType, event: str, _argument: Any) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(folders):
                borrowed.append(f"{frame.f_code.co_name} of {frame.f_globals.get('__name__')}")

        before = sys.getprofile()
        threading.setprofile(watch)
        sys.setprofile(watch)
        try:
            result = answer(*args, **kwargs)
        finally:
            watching = sys.getprofile() is watch
            sys.setprofile(before)
            threading.setprofile(None)
        assert watching, "your answer changes the interpreter's profile function: leave it alone"
        assert not borrowed, f"your answer runs {borrowed[0]}, which is what the task asks you to write"
        return own_work(result, *modules) if callable(result) else result

    return watched


def peak_memory(function: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
    """How many bytes a call takes at most at a time, in whatever process it is made."""
    if isinstance(function, StandIn):
        return function.peak_memory(*args, **kwargs)
    watching = tracemalloc.is_tracing()
    if not watching:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    try:
        function(*args, **kwargs)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not watching:
            tracemalloc.stop()


def symbolic(answer: Any, name: str = "the answer") -> sp.Expr:
    """The answer as an expression that is SymPy's through and through.

    Raises
    ------
    AssertionError
        If it is no expression, or a part of it is of a class made elsewhere.
    """
    assert not isinstance(answer, str), f"{name} must be a SymPy expression, not the text {answer!r}"
    try:
        expr = sp.sympify(answer)
    except (sp.SympifyError, TypeError, AttributeError) as error:
        raise AssertionError(f"{name} must be a SymPy expression, got {answer!r}") from error
    assert isinstance(expr, sp.Expr), f"{name} must be a SymPy expression, got {answer!r}"
    for part in sp.preorder_traversal(expr):
        genuine = type(type(part)) is UndefinedFunction or (type(part).__module__ or "").startswith("sympy.")
        assert genuine, f"{name} holds a {type(part).__name__} that isn't SymPy's"
        assert part not in UNDEFINED, f"{name} holds {part}, which is no number"
    return expr
