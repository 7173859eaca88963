"""Ways to get points without work, for any assignment: each is handed in with wrong answers to all tasks."""

import ast
from collections.abc import Callable
from dataclasses import dataclass

import nbformat
from classwork import Edit, cells, listed, source

from optilab.course.checking import asked

HOOKS = {
    "an event that shows a result": """
get_ipython().events.register("pre_run_cell", lambda *_: get_ipython().displayhook("x"))
""",
    "an event that clears what a cell has put out": """
from IPython.display import clear_output

get_ipython().events.register("post_run_cell", lambda *_: clear_output())
""",
    "an input transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: [])",
    "a transformer of syntax trees": """
import ast


class Nothing(ast.NodeTransformer):
    def visit_Module(self, node):
        return ast.Module([], [])


get_ipython().ast_transformers.append(Nothing())
""",
    "another run_code": """
async def nothing(*arguments, **options):
    return False


get_ipython().run_code = nothing
""",
    "another run_ast_nodes": """
async def nothing(*arguments, **options):
    return False


get_ipython().run_ast_nodes = nothing
""",
    "another showtraceback": """
get_ipython().showtraceback = lambda *arguments, **options: get_ipython().displayhook("x")
""",
    "another handler of errors": """
get_ipython().set_custom_exc((Exception,), lambda *arguments, **options: get_ipython().displayhook("x"))
""",
    "another do_execute": """
async def done(*arguments, **options):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}


get_ipython().kernel.do_execute = done
""",
    "compiled without assertions": """
import importlib._bootstrap_external as external

external.SourceLoader.source_to_code = lambda self, data, path, **_: compile(data, path, "exec", optimize=2)
external.SourceFileLoader.get_code = lambda self, name: self.source_to_code(
    self.get_data(self.get_filename(name)), self.get_filename(name)
)
exercises = fresh(exercises.__name__)
""",
    "checks that ask nothing": """
import optilab.course.grade

optilab.course.grade.fresh = lambda name: exercises
for name in dir(exercises):
    if name.startswith("check_"):
        setattr(exercises, name, lambda *given, **options: None)
""",
    "an import that gives checks that ask nothing": """
import builtins
import types

honest = builtins.__import__


def dishonest(name, *arguments, **options):
    found = honest(name, *arguments, **options)
    if name != "optilab.course.grade":
        return found
    yes = types.SimpleNamespace(__getattr__=lambda name: lambda *_, **__: "")

    class Yes:
        def __getattr__(self, name):
            return lambda *_, **__: ""

    return types.SimpleNamespace(exam=found.exam, own_work=lambda answer, *_: answer, fresh=lambda name: Yes())


builtins.__import__ = dishonest
exercises = dishonest("optilab.course.grade", fromlist=["fresh"]).fresh("")
""",
    "comparisons that always hold": """
np.allclose = np.isclose = np.array_equal = lambda *_, **__: True
np.isfinite = lambda x: np.ones(np.shape(x), bool)
""",
    "SymPy that finds everything equal to 0": """
for name in ("simplify", "cancel", "together", "expand", "factor", "diff"):
    setattr(sp, name, lambda *_, **__: sp.Integer(0))
""",
    "only expand finds everything equal to 0": "sp.expand = lambda *_, **__: sp.Integer(0)",
    "NumPy's logarithm is 0": "np.log = lambda x: np.zeros(np.shape(x))",
    "an error that isn't one": """
import builtins


class Quiet(BaseException):
    def __new__(cls, *arguments):
        raise SystemExit(0)


builtins.AssertionError = Quiet
""",
    "a checker of its own in every frame": """
import sys


def trace(frame, event, argument):
    if "exercises" in frame.f_code.co_filename:
        frame.f_trace_opcodes = True
    return trace


sys.settrace(trace)
""",
    "a result shown when the process ends": """
import atexit
import sys

atexit.register(lambda: sys.displayhook("x"))
""",
}

SHOWN = """

def shown(function):
    def answer(*given):
        sys.displayhook("x")
        return function(*given)

    return answer


import sys

"""

OBJECTS = {  # of the class `Claim`, in place of every formula, array or function that the first task asks for
    "an object that is true in every comparison": """
class Claim:
    def __getattr__(self, name):
        return self

    def __call__(self, *_, **__):
        return self

    def __eq__(self, other):
        return True

    __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = object.__hash__
""",
    "a class that claims to be SymPy's": """
class Claim(sp.Symbol):
    __module__ = "sympy.core"

    def __new__(cls, *_):
        return sp.Symbol.__new__(cls, "x")

    def __sub__(self, other):
        return sp.Integer(0)

    __add__ = __radd__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = __sub__
""",
    "another subtraction": """
class Claim(sp.Expr):
    def __sub__(self, other):
        return sp.Integer(0)

    __rsub__ = __add__ = __radd__ = __sub__
""",
    "a symbol that is 0 after every substitution": """
class Claim(sp.Symbol):
    def __new__(cls, *_):
        return sp.Symbol.__new__(cls, "eta_1", positive=True)

    def subs(self, *_, **__):
        return sp.Integer(1)

    def _eval_derivative(self, other):
        return sp.Integer(0)

    def __eq__(self, other):
        return True

    __hash__ = sp.Symbol.__hash__
""",
    "an object that SymPy is to ask": """
class Claim:
    def _sympy_(self):
        class Zero(sp.Expr):
            __module__ = "sympy.core.numbers"
            is_zero = True

            def __sub__(self, other):
                return sp.Integer(0)

        return Zero()
""",
    "infinity": "Claim = lambda: sp.oo",
    "complex infinity": "Claim = lambda: sp.zoo",
    "no number": "Claim = lambda: sp.nan",
    "NumPy's no number": "Claim = lambda: np.float64('nan')",
    "text": "Claim = lambda: 'right'",
    "nothing": "Claim = lambda: None",
    "a formula that takes for ever": """
Claim = lambda: sp.Pow(2, sp.Pow(10, 12, evaluate=False), evaluate=False)
""",
    "a formula that is nested without end": """
def Claim():
    deep = sp.Symbol("x")
    for _ in range(3000):
        deep = sp.sin(deep, evaluate=False)
    return deep
""",
    "a symbol named like code": """Claim = lambda: sp.Symbol('__import__("os")._exit(0)')""",
    "a mock": "from unittest.mock import MagicMock as Claim",
}

WRAPS = {  # around the function `borrowed`, which runs what the task asks to write
    "the watch taken off and put back": """
import sys


def wrapped(borrowed):
    def answer(*given):
        watch = sys.getprofile()
        sys.setprofile(None)
        try:
            return borrowed(*given)
        finally:
            sys.setprofile(watch)

    return answer
""",
    "a pool of threads started before": """
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1)
pool.submit(int).result()


def wrapped(borrowed):
    return lambda *given: pool.submit(borrowed, *given).result()
""",
    "a bare thread": """
import _thread
import time


def wrapped(borrowed):
    def answer(*given):
        found = []
        _thread.start_new_thread(lambda: found.append(borrowed(*given)), ())
        for _ in range(1000):
            if found:
                return found[0]
            time.sleep(0.002)
        return None

    return answer
""",
    "a lazy object": """
class Lazy:
    def __init__(self, make):
        self.make = make

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.make(), dtype)


def wrapped(borrowed):
    return lambda *given: Lazy(lambda: borrowed(*given))
""",
    "a generator": """
def wrapped(borrowed):
    def answer(*given):
        yield from borrowed(*given)

    return answer
""",
    "another process": """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def wrapped(borrowed):
    globals()["kept"] = borrowed
    pool = ProcessPoolExecutor(1, get_context("fork"))
    pool.submit(int).result()
    return lambda *given: pool.submit(call, given).result()


def call(given):
    return kept(*given)
""",
    "a changed module": """
import sys

for name, module in list(sys.modules.items()):
    if name.startswith("optilab.") and module.__spec__ is not None and module.__spec__.origin:
        module.__spec__.origin = "/nowhere/" + name
        if module.__spec__.submodule_search_locations:
            module.__spec__.origin = "/nowhere/" + name + "/__init__.py"


def wrapped(borrowed):
    return borrowed
""",
    "code under another file's name": """
import gc
import types

for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and "/optilab/p" in thing.__code__.co_filename:
        if "exercises" not in thing.__code__.co_filename:
            thing.__code__ = thing.__code__.replace(co_filename="<answer>")


def wrapped(borrowed):
    return borrowed
""",
    "the caller's variables": """
import sys


def wrapped(borrowed):
    def answer(*given):
        frame = sys._getframe()
        while frame is not None:
            for name in ("right", "expected", "wanted"):
                if name in frame.f_locals:
                    return frame.f_locals[name]
            frame = frame.f_back
        return borrowed(*given)

    return answer
""",
    "errors that are caught": """
def wrapped(borrowed):
    def answer(*given):
        try:
            return borrowed(*given)
        except BaseException as error:
            return error

    return answer
""",
    "an array that equals everything": """
class Equal(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return True

    def __array_function__(self, function, types, arguments, options):
        return True

    def __eq__(self, other):
        return True


def wrapped(borrowed):
    return lambda *given: np.zeros(4).view(Equal)
""",
}

SOURCES = {  # ways to the package's text or code, in place of an import; MODULES are its names
    "its text run": """
import importlib.util

for module in MODULES:
    text = open(importlib.util.find_spec(module).origin).read()
    exec(compile(text, "<mine>", "exec"), globals())
""",
    "its file under another name": """
import importlib.util
import shutil
import tempfile

for module in MODULES:
    place = tempfile.mkdtemp() + "/mine.py"
    shutil.copy(importlib.util.find_spec(module).origin, place)
    spec = importlib.util.spec_from_file_location("mine", place)
    mine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mine)
    globals().update(vars(mine))
""",
    "its file through a link": """
import importlib.util
import os
import tempfile

for module in MODULES:
    place = tempfile.mkdtemp() + "/mine.py"
    os.link(importlib.util.find_spec(module).origin, place)
    exec(compile(open(place).read(), "<mine>", "exec"), globals())
""",
    "its file in an open folder": """
import importlib.util
import os
import sys
import types

for module in reversed(MODULES):
    folder, name = os.path.split(importlib.util.find_spec(module).origin)
    place = os.open(name, os.O_RDONLY, dir_fd=os.open(folder, os.O_RDONLY))
    exec(compile(os.read(place, 1 << 20), "<mine>", "exec"), globals())
    sys.modules[module] = types.SimpleNamespace(**globals())
""",
    "its text, by a path that isn't told": """
import importlib.util
import os.path
import sys
import types

os.path.realpath = lambda *_, **__: "/nowhere"
for module in reversed(MODULES):
    exec(compile(open(importlib.util.find_spec(module).origin).read(), "<mine>", "exec"), globals())
    sys.modules[module] = types.SimpleNamespace(**globals())
""",
    "its text, read in C": """
import ctypes
import importlib.util
import sys
import types

library = ctypes.CDLL(None)
for module in reversed(MODULES):
    held = ctypes.create_string_buffer(1 << 20)
    library.read(library.open(importlib.util.find_spec(module).origin.encode(), 0), held, len(held))
    exec(compile(held.value, "<mine>", "exec"), globals())
    sys.modules[module] = types.SimpleNamespace(**globals())
""",
    "a process that starts anew": """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


class Euclidean:
    def step(self, h, x, g, eta):
        made = "Euclidean().step(L1(lam), x, g, eta)"
        code = f"from optilab.problems.mirror import Euclidean; from optilab.problems.simple import L1; r = {made}"
        text = f"(held := dict(lam={h!r}, x=x, g=g, eta=eta), exec({code!r}, held), held['r'])[2]"
        return ProcessPoolExecutor(1, get_context("spawn")).submit(eval, text, {"x": x, "g": g, "eta": eta}).result()


L1 = float
""",
    "its compiled file": """
import importlib.util
import marshal

for module in MODULES:
    path = importlib.util.cache_from_source(importlib.util.find_spec(module).origin)
    exec(marshal.loads(open(path, "rb").read()[16:]).replace(co_filename="<mine>"), globals())
for method in (Euclidean.step, L1.prox):
    method.__code__ = method.__code__.replace(co_filename="<mine>")
""",
    "a program": """
import subprocess
import sys

PROGRAM = '''
import sys

import numpy as np

from optilab.problems.mirror import Euclidean
from optilab.problems.simple import L1

x, g, eta, lam = eval(sys.argv[1])
print(Euclidean().step(L1(lam), np.array(x), np.array(g), eta).tolist())
'''


class Euclidean:
    def step(self, h, x, g, eta):
        given = repr((x.tolist(), g.tolist(), eta, h))
        return np.array(eval(subprocess.run([sys.executable, "-c", PROGRAM, given], capture_output=True).stdout))


L1 = float
""",
}

PROCESSES = {
    "it ends": "import os\n\nos._exit(0)",
    "it ends in the call": """
def ended(*_, **__):
    import os

    os._exit(0)
""",
    "it leaves in the call": """
def ended(*_, **__):
    raise SystemExit(0)
""",
    "it calls itself": """
def ended(*given, **options):
    return ended(*given, **options)
""",
    "it hangs in the call": """
def ended(*_, **__):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
    "it takes all memory": """
def ended(*_, **__):
    return bytearray(1 << 36)
""",
    "it answers a flood": """
def ended(*_, **__):
    return np.zeros(1 << 26)
""",
    "it answers on every open file": """
def ended(*_, **__):
    import os
    import pickle

    from optilab.course.processes import Verdict

    told = b'["value", true]'
    for said in (pickle.dumps(Verdict("Right", "", "")), told, len(told).to_bytes(4, "big") + told):
        for place in range(3, 64):
            try:
                os.write(place, said)
            except OSError:
                pass
    return 0
""",
    "it closes every file": """
def ended(*_, **__):
    import os

    os.closerange(0, 64)
    return 0
""",
    "it answers for another": """
def ended(*_, **__):
    import gc
    import json

    from multiprocessing.connection import Connection

    for line in gc.get_objects():
        if isinstance(line, Connection) and not line.closed:
            for _ in range(40):
                line.send_bytes(json.dumps(["value", True]).encode())
    return 0
""",
    "it kills what made it": """
def ended(*_, **__):
    import os
    import signal

    os.kill(os.getppid(), signal.SIGKILL)
    return 0
""",
    "it stops what made it": """
def ended(*_, **__):
    import os
    import signal

    os.kill(os.getppid(), signal.SIGSTOP)
    return 0
""",
    "it leaves its group and sleeps": """
def ended(*_, **__):
    import os
    import time

    os.setpgid(0, os.getpgid(os.getppid()))
    time.sleep(600)
    return 0
""",
}


@dataclass(frozen=True)
class Cheat:
    """A submission: what stands in the cells of some tasks, and what is changed in the notebook besides."""

    answers: dict[str, str]
    edit: Edit | None = None
    seconds: float = 60  # after which it is given up


def wrong(slug: str) -> dict[str, str]:
    """A wrong answer to every task."""
    return {task: next(iter(found.values())) for task, found in listed(slug)["WRONG"].items()}


def assigned(slug: str, task: str) -> list[str]:
    """The names that a task's check asks for."""
    setup = cells(source(slug), "locked")["setup"].source
    known = [alias.asname or alias.name for node in ast.walk(ast.parse(setup)) for alias in getattr(node, "names", [])]
    return asked(ast.parse(cells(source(slug), "grade")[f"{task}-test"].source), known)


def cheats(slug: str) -> dict[str, Cheat]:
    """All of them, for one assignment."""
    one, two, *_ = wrong(slug)
    base = wrong(slug)
    borrowing, *_ = listed(slug)["CHEATS"][two].values()
    names, functions = assigned(slug, one), assigned(slug, two)
    found = {f"notebook: {name}": Cheat({}, edit) for name, edit in EDITS.items()}
    found |= {f"kernel: {name}": Cheat({one: base[one] + "\n" + text}) for name, text in HOOKS.items()}
    for name, text in OBJECTS.items():
        answer = text + "\n" + " = ".join(names) + " = Claim()"
        found[f"object: {name}"] = Cheat({one: answer}, seconds=3 if "for ever" in name else 60)
    for name, text in WRAPS.items():
        lines = [f"{function} = wrapped({function})" for function in functions]
        found[f"borrowed: {name}"] = Cheat({two: borrowing + text + "\n\n" + "\n".join(lines)})
    for name, text in PROCESSES.items():
        ends = "ended" in text
        answer = base[two] + "\n" + text + ("\n\n" + " = ".join(functions) + " = ended" if ends else "")
        found[f"process: {name}"] = Cheat({two: answer}, seconds=3 if "hangs" in name or "sleeps" in name else 60)
    lines = [f"{function} = shown({function})" for function in functions]
    found["kernel: a result shown by the answer"] = Cheat({two: base[two] + SHOWN + "\n".join(lines)})
    if slug in SPECIAL:
        found |= SPECIAL[slug]()
    return found


def marked(*tags: str) -> Edit:
    """Checks with tags."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        for cell in cells(notebook, "grade").values():
            cell.metadata["tags"] = list(tags)

    return edit


def emptied(notebook: nbformat.NotebookNode) -> None:
    for cell in cells(notebook, "locked").values():
        cell.source = "pass"
        cell.metadata.nbgrader.points = 100


def deleted(notebook: nbformat.NotebookNode) -> None:
    for cell in cells(notebook, "locked").values():
        notebook.cells.remove(cell)


def unmarked(notebook: nbformat.NotebookNode) -> None:
    for cell in cells(notebook, "grade").values():
        cell.metadata = {}
        cell.source = "pass"


def retyped(notebook: nbformat.NotebookNode) -> None:
    for cell in cells(notebook, "grade").values():
        cell.cell_type = "markdown"
        del cell["outputs"], cell["execution_count"]


def unlocked(notebook: nbformat.NotebookNode) -> None:
    for cell in cells(notebook, "grade").values():
        cell.metadata.nbgrader.update(locked=False, solution=True)


def reversed_order(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.reverse()


def another_kernel(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata.kernelspec = {"name": "true", "display_name": "true", "language": "sh"}


def filled_in(notebook: nbformat.NotebookNode) -> None:
    for cell in cells(notebook, "grade").values():
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="Right")]
        cell.execution_count = 7


EDITS: dict[str, Callable[[nbformat.NotebookNode], None]] = {
    "checks that are to be skipped": marked("skip-execution"),
    "checks that may fail": marked("raises-exception", "nbval-skip"),
    "checks that ask nothing and give much": emptied,
    "checks and set-up deleted": deleted,
    "checks that nbgrader doesn't know": unmarked,
    "checks that are text": retyped,
    "checks that are answers": unlocked,
    "last cells first": reversed_order,
    "another kernel": another_kernel,
    "results that were there before": filled_in,
}


def last_iterate() -> dict[str, Cheat]:
    """Those that know what this assignment asks."""
    own = """
def positive_step(x, g, eta, lam):
    return x * np.exp(-eta * (g + lam))
"""
    borrowed = """

def elastic_step(x, g, eta, lam, mu):
    return Euclidean().step(L1(lam), x, g, eta) / (1 + eta * mu)
"""
    found = {}
    for name, text in SOURCES.items():
        modules = '("optilab.problems.mirror", "optilab.problems.simple")'
        answer = own + text.replace("MODULES", modules) + borrowed
        found[f"borrowed: {name}"] = Cheat({"2-steps": answer})
    checks = {
        "the checks' own search": "_least = exercises._least",
        "the checks' own search, from a caller": """
import sys


def _least(*given):
    frame = sys._getframe()
    while "_least" not in frame.f_globals or "check_bound" not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals["_least"](*given)
""",
        "the checks' own search, from the garbage collector": """
import gc
import types

(_least, *_) = [f for f in gc.get_objects() if isinstance(f, types.FunctionType) and f.__qualname__ == "_least"]
""",
    }
    theirs = """

def positive_step(x, g, eta, lam):
    return [_least(lam + slope, start, eta) for slope, start in zip(g, x)]


def elastic_step(x, g, eta, lam, mu):
    there = x - eta * g
    return np.sign(there) * np.maximum(abs(there) - eta * lam, 0) / (1 + eta * mu)
"""
    for name, text in checks.items():
        found[f"borrowed: {name}"] = Cheat({"2-steps": text + theirs})
    found["kernel: SymPy that finds what is wanted"] = Cheat(
        {
            "1-weights": """
v1 = v2 = v3 = v4 = sp.Integer(1)
sp.diff = lambda formula, value: sp.Integer(str(value) in ("F_4", "F_5"))
"""
        }
    )
    found["kernel: NumPy that finds close what is wanted"] = Cheat(
        {
            "2-steps": """
positive_step = elastic_step = lambda x, *_: np.ones(len(x))
np.allclose = lambda *_, atol=0, **__: atol == 1e-6
"""
        }
    )
    found["object: weights with an arithmetic of their own"] = Cheat(
        {
            "1-weights": """
class Weight(sp.Symbol):
    __module__ = "sympy.core.symbol"
    free_symbols = frozenset()

    def __new__(cls, name, factor):
        weight = sp.Symbol.__new__(cls, name)
        weight.factor = factor
        return weight

    def subs(self, *_, **__):
        return sp.Integer(1)

    def __sub__(self, other):
        return sp.Integer(0)

    def __mul__(self, other):
        return self.factor * other


*_, eta3, eta4 = exercises.ETA
v1, v2, v3, v4 = Weight("a", 0), Weight("b", 0), Weight("c", 1 / eta3), Weight("d", 1 / eta4)
"""
        }
    )
    found["object: weights that are infinite but for one"] = Cheat(
        {"1-weights": "v1 = v2 = v3 = sp.oo\nv4 = 1 / exercises.ETA[3]"}
    )
    found["object: gaps that are whatever is expected"] = Cheat(
        {
            "4-large-steps": """
class Anything(dict):
    def __getitem__(self, name):
        return experiment.gaps(
            outliers(3, L1(0.1)), np.zeros(10), algorithm.SCHEDULES[name](4000, np.array([0.4, 0.8, 1.6])), 20, 1
        )["average"]


def last_gaps(data):
    return Anything.fromkeys(algorithm.SCHEDULES)


grows = "noise"
"""
        }
    )
    found["kernel: the library measures what is convenient"] = Cheat(
        {
            "4-large-steps": """
def convenient(*given, **options):
    return {"last": np.outer([1.0, 1.0, 1.0], np.ones(20))}


experiment.gaps = exercises.final_gaps = convenient


def last_gaps(data):
    return {name: np.ones((3, 20)) * (1 if name == "linear decay" else 5) for name in algorithm.SCHEDULES}


exercises.outliers = lambda *_: None
np.log = lambda x: np.zeros(np.shape(x)) if np.ndim(x) else 1.0
grows = "noise"
"""
        }
    )
    return found


SPECIAL = {"last_iterate": last_iterate}


def packed(slug: str) -> dict[str, Cheat]:
    """Submissions that hold many of them: a change to the notebook, two hooks in the first task, others in the rest."""
    base, every = wrong(slug), cheats(slug)
    one, two, *_, three = base
    hooks = list(HOOKS.values())
    seconds = [cheat.answers[two] for name, cheat in every.items() if two in cheat.answers and cheat.seconds == 60]
    thirds = [cheat.answers[three] for cheat in every.values() if three in cheat.answers] or [base[three]]
    found = {}
    for k, (name, edit) in enumerate(EDITS.items()):
        answers = {
            one: "\n".join([base[one], *hooks[k :: len(EDITS)]]),
            two: seconds[k * len(seconds) // len(EDITS)],
            three: thirds[k % len(thirds)],
        }
        found[name] = Cheat(answers, edit)
    return found
