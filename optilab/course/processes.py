"""Two processes for every check: one for the answers, one for the check itself; made by a third, which knows neither.

The third is started once. It has read the libraries, so that a copy of it is ready at once, and holds nothing that
belongs to an assignment or a student.
"""

import ast
import atexit
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from threading import Lock
from typing import NamedTuple, NoReturn

PACKAGE = __name__.partition(".")[0]
START = 60.0  # seconds that the process which makes the others may take until it is ready for the first time
PATIENCE = 10.0  # and after each check, in which it has only to end two processes


class Verdict(NamedTuple):
    """What came of a check: what it printed and, where it wasn't passed, the error's name and text."""

    printed: str
    name: str
    text: str

    @property
    def passed(self) -> bool:
        """Whether the check ran to its end without complaint."""
        return not self.name


ENDED = Verdict("", "KernelLost", "The process of the check was ended.")


class Nursery:
    """The process that makes the others."""

    def __init__(self) -> None:
        self.line, theirs = Pipe()
        start = f"from optilab.course.processes import nursery; nursery({theirs.fileno()})"
        command = [sys.executable, "-P", "-c", start]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=quiet, stdout=quiet, stderr=quiet, cwd=os.sep
        )
        theirs.close()
        self.turn = Lock()
        atexit.register(self.close)

    def close(self) -> None:
        """End it, whatever state it is in."""
        self.line.close()
        self.wake()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wake(self) -> None:
        """Have it go on, should an answer have stopped it."""
        self.process.send_signal(signal.SIGCONT)

    def judge(
        self, cells: list[str], locked: list[str], check: str, seconds: float, memory: int, folder: str
    ) -> Verdict:
        """Have a check run; arguments as in the function of this name.

        Raises
        ------
        OSError
            If the process is no more, or doesn't do what it is for.
        """
        with self.turn:
            return self.one(cells, locked, check, seconds, memory, folder)

    def one(self, cells: list[str], locked: list[str], check: str, seconds: float, memory: int, folder: str) -> Verdict:
        """Have a check run while no other is."""
        self.wake()
        try:
            if not self.line.poll(START):
                raise OSError("the process that makes the others doesn't begin")
            self.line.recv_bytes()
        except EOFError as error:
            raise OSError("the process that makes the others has ended") from error
        ours, theirs = Pipe()
        try:
            self.line.send((cells, withheld(check), math.ceil(seconds), memory, folder))
            send_handle(self.line, theirs.fileno(), self.process.pid)
        finally:
            theirs.close()
        try:
            ours.send((locked, check))
            late = Verdict("", "KernelLost", f"It ran for longer than {seconds:.0f} s.")
            verdict = ours.recv() if ours.poll(seconds) else late
        except (EOFError, OSError) as error:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
                raise OSError("the process that makes the others has ended") from error
            verdict = ENDED
        finally:
            ours.close()
            ready = self.done()
        if verdict is late and not ready:
            raise OSError("the process that makes the others was stopped, by this answer or one before")
        return verdict

    def done(self) -> bool:
        """Have both processes of a check ended; whether that was done in time. If not, it is ended itself."""
        with suppress(OSError):  # a process of answers may have ended it
            self.line.send(None)
            self.wake()
            if self.line.poll(PATIENCE):
                return True
        self.process.kill()
        return False


@cache
def started() -> Nursery:
    """The one that is there."""
    return Nursery()


def judge(
    cells: Iterable[str],
    locked: Iterable[str],
    check: str,
    seconds: float = 60,
    memory: int = 4 << 30,
    folder: str = os.sep,
) -> Verdict:
    """Run a check in a process of its own, on what cells define in another.

    Parameters
    ----------
    cells : iterable of str
        What was handed in, the checks left out: run before anything is asked.
    locked : iterable of str
        The assignment's own cells: run before the check.
    check : str
        The cell of the check. Names that neither it nor `locked` define are asked from the process of the answers.
    seconds : float
        How long all of it may take, on the clock.
    memory : int
        Bytes that each process may take, where the system limits it.
    folder : str
        Where the cells run.
    """
    asked = list(cells), list(locked), check, seconds, memory, folder
    for _ in range(2):  # the answers before these may have ended it
        nursery = started()
        try:
            return nursery.judge(*asked)
        except OSError:
            nursery.close()
            started.cache_clear()
    return ENDED


def withheld(check: str) -> tuple[str, ...]:
    """The modules that the answers may not use: where a check says `own_work`, all of this package that it names.

    And what checks the answers of a paper that is named, where what is expected stands.
    """
    nodes = list(ast.walk(ast.parse(check)))
    if not any(isinstance(node, ast.Name) and node.id == "own_work" for node in nodes):
        return ()
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = {text for text in texts if re.fullmatch(rf"{PACKAGE}(\.\w+)+", text)}
    papers = {found[0] for found in (re.match(rf"{PACKAGE}\.papers\.\w+", name) for name in named) if found}
    return tuple(sorted(named | {f"{paper}.exercises" for paper in papers}))


def nursery(descriptor: int) -> None:
    """Be the process that makes the others, until nobody asks any more."""
    import scipy.integrate
    import scipy.linalg
    import scipy.optimize
    import scipy.sparse
    import scipy.special
    import scipy.stats  # noqa: F401 (read once for all copies)

    from optilab.course import answering, checking  # noqa: F401

    control: Connection = Connection(descriptor)
    with suppress(EOFError, BrokenPipeError):
        while True:
            control.send_bytes(b"ready")
            couple(control)


def couple(control: Connection) -> None:
    """Make the two processes of a check, and end them when it is done."""
    from optilab.course.answering import answer
    from optilab.course.checking import judged

    cells, modules, seconds, memory, folder = control.recv()
    desk = Connection(recv_handle(control))
    ours, theirs = Pipe()

    def answers() -> None:
        desk.close()
        ours.close()
        os.chdir(folder)
        answer(theirs, cells, modules)

    def check() -> None:
        theirs.close()
        desk.send(judged(ours, *desk.recv()))

    children = [forked(control, seconds, memory, task) for task in (answers, check)]
    for line in (desk, ours, theirs):
        line.close()
    try:
        control.recv()
    finally:
        for child in children:
            with suppress(OSError):
                os.killpg(child, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)  # which may have left its group
            os.waitpid(child, 0)


def forked(control: Connection, seconds: int, memory: int, task: Callable[[], None]) -> int:
    """Make a copy of this process, first of a group of its own, that does a task and ends."""
    child = os.fork()
    if not child:
        work(control, seconds, memory, task)
    with suppress(OSError):  # it may have done so itself
        os.setpgid(child, child)
    return child


def work(control: Connection, seconds: int, memory: int, task: Callable[[], None]) -> NoReturn:
    """Do a task in a process that has been copied, and end it."""
    import resource  # of POSIX, as all that goes on here

    try:
        os.setpgid(0, 0)
        control.close()
        busy = seconds * (os.cpu_count() or 1)  # should nobody be left to end it
        resource.setrlimit(resource.RLIMIT_CPU, (busy, busy))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        task()
    finally:
        os._exit(0)
