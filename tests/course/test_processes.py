"""What crosses between the process of the answers and that of a check, and what becomes of those who misuse it."""

import json
import signal
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from classwork import SLUGS, cells, source

from optilab.course import processes
from optilab.course.formula import read
from optilab.course.processes import Nursery, judge, started, withheld
from optilab.course.values import described, restored

x, y = sp.symbols("x y", positive=True)
E = sp.Function("E")(sp.Symbol("x"))
FORMULAS = [
    x / 2 - sp.sqrt(y) * sp.Float("0.1", 30) + sp.I * sp.pi,
    E.diff(sp.Symbol("x"), 2) * E,
    sp.Sum(x ** sp.Symbol("k"), (sp.Symbol("k"), 1, 5)) + sp.Integral(sp.sin(x), (x, 0, sp.oo)),
    sp.Piecewise((x, x > 1), (2, True)),
    sp.Matrix([[x, 1], [2, y]]),
    sp.Max(x, y, 3) * sp.Abs(x - y) ** sp.Rational(-1, 3),
    sp.Dummy("d") + sp.Symbol("n", integer=True),
    sp.Eq(x, y),
    sp.UnevaluatedExpr(x + x),
    -sp.oo,
]
HOSTILE = [
    "__import__('os').system('true')",
    "Symbol('x').func",
    "Add('x', 1)",
    "Integer(*[1])",
    "Symbol(name='x')",
    "Symbol('x', positive='yes')",
    "Symbol('__import__(\"os\")._exit(0)')",
    "Function('f', nargs=2)(1)",
    "(lambda: 1)()",
    "Claim()",
    "sympify('1')",
    "Pow(2",
    "(" * 500,
    "sin(" * 3000,
]


def crossed(value):
    """A value as it arrives."""
    return restored(json.loads(json.dumps(described(value, lambda function: ["function", 7]))), lambda *known: known)


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_a_formula_is_the_same_over_there(formula):
    assert read(sp.srepr(formula)) == formula
    assert crossed([formula]) == [formula]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_is_no_formula_runs_nothing(text):
    with pytest.raises(ValueError, match=r"no formula|may not hold"):
        read(text)


def test_a_formula_may_be_too_long():
    with pytest.raises(ValueError, match="300003 characters"):
        read("Add" + "x" * 300_000)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 1 << 70, 0.1, float("inf"), 1 + 2j, "η", [1, [2.5]], (1, "a"), {1, 2}, {"a": (1,), 2: None}],
    ids=str,
)
def test_plain_values_are_the_same_over_there(value):
    arrived = crossed(value)
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float32", "float64", "complex128", "U3"])
def test_arrays_and_their_numbers_are_the_same_over_there(dtype):
    array = np.arange(6).reshape(2, 3).T.astype(dtype)
    for value in (array, array[:0], array[1, 1], np.array(array[0, 1])):
        arrived = crossed(value)
        assert type(arrived) is type(value)
        assert arrived.dtype == value.dtype
        np.testing.assert_array_equal(arrived, value)
    arrived[...] = arrived  # it may be written to


def test_what_is_nearly_plain_crosses_as_what_it_holds():
    class Lazy:
        def __array__(self, dtype=None, copy=None):
            return np.arange(3.0)

    np.testing.assert_array_equal(crossed(Lazy()), np.arange(3.0))
    assert crossed(Fraction(1, 3)) == sp.Rational(1, 3)
    assert crossed(i * i for i in range(3)) == [0, 1, 4]
    assert crossed(np.array([x, 1], object)).tolist() == [x, 1]
    assert crossed([len]) == [("function", 7)]


@pytest.mark.parametrize("value", [object(), np.zeros(1 << 23), np.zeros(2, "V4"), [{"a": object()}]], ids=type)
def test_what_does_not_cross_is_named(value):
    with pytest.raises(TypeError, match=r"a object, which|64 MB, where 32|an array of \|V4, which"):
        described(value, lambda function: ["function", 7])


GARBAGE = [
    {},
    ["array", "|O", [1], "AAAA"],
    ["array", "<f8", [2], "AAAA"],
    ["array", "<f8", [-1], ""],
    ["array", "<f8", [True], ""],
    ["array", "3f8", [], ""],
    ["array", "<U0", [1 << 40], ""],
    ["objects", [3], [1]],
    ["complex", "1", 2],
    ["generator", 3],
    ["generator", ["dict", [["bit_generator", "Claim"]]]],
    ["generator", ["dict", [["bit_generator", "PCG64"]]]],
    ["generator", ["dict", [["bit_generator", ["list", []]]]]],
    ["dict", [[1, 2, 3]]],
    ["eval", "1"],
    ["list", "abc"],
    [],
]


@pytest.mark.parametrize("data", GARBAGE, ids=str)
def test_what_no_value_is_described_as_is_refused(data):
    with pytest.raises((ValueError, TypeError)):
        restored(data, lambda *known: known)


def verdict(answer, check, locked="", seconds=30):
    return judge([answer], [locked], check, seconds)


def test_a_check_sees_values_and_calls_functions():
    answer = "def double(f, x, *, more=0):\n    return [2 * part + more for part in f(x)]\n\n\nthree = 3"
    check = "assert double(lambda x: (x, x + three), 1, more=1) == [3, 9]\nprint('yes')"
    assert verdict(answer, check) == ("yes\n", "", "")
    assert verdict(answer, "assert double(lambda x: [x], 1) == [3], 'no'") == ("", "AssertionError", "no")


def test_a_function_that_is_returned_or_handed_back_is_called_where_it_is():
    answer = "def twice(f):\n    return lambda x: f(f(x))\n\n\ndef same(f):\n    return f"
    check = """
asked = []


def spy(x):
    asked.append(x)
    return x + 1


assert twice(twice(spy))(0) == 4
assert asked == [0, 1, 2, 3]
assert same(spy) is spy
assert same(twice)(spy)(1) == 3
"""
    assert verdict(answer, check).passed


def test_what_is_given_answers_for_its_public_attributes_only():
    check = """
from optilab.core.counted import Counted
from optilab.problems.quadratic import Quadratic
import numpy as np

problem = Counted(Quadratic(np.eye(2), np.zeros(2)))
secret = object()


def oracle(x):
    return x


assert peek(problem, oracle) == [True, True, True], peek(problem, oracle)
assert problem.calls["gradients"] == 2
"""
    answer = """
import numpy as np


def peek(problem, oracle):
    found = [bool((problem.grad(np.ones(2)) + problem.grad(np.zeros(2)) == 1).all())]
    for thing, name in ((problem, "_desk_"), (oracle, "func_globals")):
        try:
            getattr(thing, name)
            found.append(False)
        except AttributeError:
            found.append(True)
    return found
"""
    assert verdict(answer, check) == ("", "", "")


def test_a_problem_crosses_as_a_copy_unless_it_is_withheld():
    check = """
from optilab.course.grade import own_work
from optilab.problems.quadratic import Quadratic
import numpy as np

problem = Quadratic(np.eye(2), np.zeros(2))
print(kind(problem), own_work(kind, {})(problem))
"""
    answer = "def kind(problem):\n    return type(problem).__name__ + str(problem.grad([1.0, 2.0]))"
    assert verdict(answer, check.format('"optilab.classics"')).printed == "Quadratic[1. 2.] Quadratic[1. 2.]\n"
    assert verdict(answer, check.format('"optilab.problems.quadratic"')).printed == "Given[1. 2.] Given[1. 2.]\n"


def test_a_generator_of_random_numbers_is_drawn_from_on_both_sides():
    check = """
import numpy as np


def sample(rng):
    return rng.normal()


assert draws(sample, np.random.default_rng(3)) == np.random.default_rng(3).normal(size=4).tolist()
"""
    answer = "def draws(sample, rng):\n    return [rng.normal(), sample(rng), sample(rng), rng.normal()]"
    assert verdict(answer, check) == ("", "", "")


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_a_generator_of_any_kind_goes_on_over_there(kind):
    rng = np.random.Generator(getattr(np.random, kind)(3))
    rng.integers(2, dtype="u1")  # part of a word is kept for the next draws
    arrived = crossed(rng)
    assert arrived.integers(2, size=9, dtype="u1").tolist() == rng.integers(2, size=9, dtype="u1").tolist()
    assert arrived.normal() == rng.normal()


def test_an_error_of_what_is_given_is_raised_in_the_answer_as_what_it_is():
    check = """
import numpy as np


class Odd(ValueError):
    pass


class Strange(Exception):
    pass


def oracle(kind):
    if kind == "singular":
        return np.linalg.inv(np.zeros((2, 2)))
    raise {"odd": Odd("no"), "strange": Strange("no")}[kind]


from optilab.core.counted import Counted
from optilab.problems.quadratic import Quadratic

assert kinds(oracle) == ["LinAlgError Singular matrix", "ValueError Odd: no", "RuntimeError Strange: no"], kinds(oracle)
assert lacks(Counted(Quadratic(np.eye(2), np.zeros(2))))
"""
    answer = """
def kinds(oracle):
    found = []
    for kind in ("singular", "odd", "strange"):
        try:
            oracle(kind)
        except (ValueError, RuntimeError) as error:
            found.append(f"{type(error).__name__} {error}")
    return found


def lacks(problem):
    return not hasattr(problem, "nothing") and getattr(problem, "nothing", 3) == 3
"""
    assert verdict(answer, check) == ("", "", "")


def test_what_is_imported_from_the_future_holds_on():
    assert verdict("from __future__ import annotations\n\n\ndef f(x: Vector):\n    return x", "assert f(1) == 1").passed


def test_records_cross_as_copies():
    check = """
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import SoftmaxMDP
from optilab.problems.mdp import random_mdp
import numpy as np

problem = SoftmaxMDP(random_mdp(1, 2, 3), np.array([0.6, 0.4]), 3, reference=False)
tau = problem.all_trajectories()
assert first(tau) == (3, tau.s[0].tolist())
try:
    first(None)
except TypeError as error:
    print(error)
"""
    answer = "def first(tau):\n    s, *_ = tau\n    return len(tau), tau.s[0].tolist()"
    found = verdict(answer, check)
    assert found.passed, found
    assert found.printed.startswith("cannot unpack non-iterable NoneType")


def test_functions_of_a_library_are_known_over_there():
    assert verdict(
        "def f(g, x):\n    return g is __import__('numpy').linalg.norm",
        "import numpy as np\nassert f(np.linalg.norm, 1)",
    ).passed


@pytest.mark.parametrize(
    ("raised", "name", "text"),
    [
        ("ValueError('no')", "ValueError", "no (line 2 of f)"),
        ("KeyboardInterrupt", "AssertionError", "your answer ends with KeyboardInterrupt: "),
        ("type('ValueError', (Exception,), {})('hm')", "ValueError", "hm (line 2 of f)"),
        ("AssertionError('mine')", "AssertionError", "mine (line 2 of f)"),
    ],
)
def test_an_error_of_an_answer_is_raised_in_the_check(raised, name, text):
    found = verdict(f"def f():\n    raise {raised}", "f()")
    assert found.name == name
    assert found.text.startswith(text)


def test_a_name_that_is_not_there_is_told_with_the_first_error():
    found = verdict("raise RuntimeError('This task has no answer yet.')\nlater = 1", "assert later == 1\nprint(v)")
    assert found.name == "NameError"
    assert found.text.startswith("name 'v' is not defined; the first error before that: RuntimeError: This task has no")


def test_the_set_up_s_names_are_its_own():
    assert verdict(
        "import math\nnp = math\nright = 2", "assert np.pi == 3 and right == 1", "class np:\n    pi = 3\nright = 1"
    )


def test_statements_after_an_error_and_magics_run():
    answer = "%%time\n1 / 0"
    assert judge([answer, "%matplotlib nowhere\na = 1\n1 / 0\nb = a + 1"], [], "assert b == 2").passed


def test_files_beside_a_notebook_are_read_and_not_imported(tmp_path):
    (tmp_path / "data.txt").write_text("7")
    (tmp_path / "helpers.py").write_text("a = 8")
    answer = "a = int(open('data.txt').read())\nfrom helpers import a"
    assert judge([answer], [], "assert a == 7", folder=str(tmp_path)) == ("", "", "")
    assert not judge([], [], "from helpers import a", folder=str(tmp_path)).passed


def test_expected_values_and_checks_are_not_in_the_answers_process():
    answer = """
import gc


def look():
    texts = [thing for thing in gc.get_objects() if isinstance(thing, (dict, list, tuple))]
    found = ["-".join(["hush"] * 2) in repr(thing)[:100_000] for thing in texts if thing is not texts]
    return any(found)
"""
    check = "secret = 'hush-hush'\nassert not look()"
    assert verdict(answer, check) == ("", "", "")


def test_a_call_stops_when_the_time_of_its_exam_is_over():
    check = "from optilab.course.grade import exam\nwith exam(seconds=0.3):\n    f()"
    found = verdict("def f():\n    while True:\n        pass", check)
    assert found.name == "AssertionError"
    assert "longer than 0." in found.text


def test_what_takes_too_long_or_ends_costs_that_check_only():
    assert verdict("import time\ntime.sleep(60)\na = 1", "a", seconds=0.5).text == "It ran for longer than 0 s."
    assert "has ended" in verdict("import os\nos._exit(0)", "a").text
    assert verdict("a = 1", "import os\nos._exit(0)").text == "The process of the check was ended."
    before = started()
    assert not verdict("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\na = 1", "assert a == 2").passed
    assert verdict("a = 1", "assert a == 1").passed
    assert started() is not before


GROUP = "import os, time\nos.setpgid(0, os.getpgid(os.getppid()))\ntime.sleep(60)\na = 1"
STOP = "import os, signal\n\n\ndef f():\n    os.kill(os.getppid(), signal.SIGSTOP)\n    return 1\n\n\na = f()"


@pytest.mark.parametrize(
    ("answer", "wakes"),
    [(GROUP, True), (STOP, True), pytest.param(STOP, False, marks=pytest.mark.full)],
    ids=["it leaves its group", "it stops what made it", "that can't be woken"],
)
def test_whoever_comes_after_an_answer_that_attacks_the_nursery_is_judged(answer, wakes, monkeypatch):
    assert verdict("a = 1", "assert a == 1").passed
    before = started()
    with monkeypatch.context() as patched:
        patched.setattr(processes, "PATIENCE", 5.0 if wakes else 0.1)
        if not wakes:
            patched.setattr(Nursery, "wake", lambda nursery: None)
        assert not verdict(answer, "assert a == 2", seconds=0.5).passed
    assert verdict("a = 1", "assert a == 1").passed
    assert (started() is before) == wakes


def test_a_nursery_that_is_stopped_can_be_closed(monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.1)
    nursery = Nursery()
    nursery.wake = lambda: nursery.process.send_signal(signal.SIGSTOP)
    nursery.close()
    assert nursery.process.returncode == -signal.SIGKILL


def test_memory_is_measured_where_the_call_is_made():
    check = "from optilab.course.grade import peak_memory\nassert 8e6 <= peak_memory(f, 1000) < 9e6"
    assert verdict("import numpy as np\n\n\ndef f(n):\n    return np.ones((n, n)).sum()", check) == ("", "", "")


def test_where_something_is_withheld_libraries_do_without_and_what_is_missing_is_named():
    check = """
from optilab.course.grade import own_work

assert own_work(f, "optilab.papers.mfac.algorithm")() == [1, 2]
try:
    g()
except AssertionError as error:
    print(error)
"""
    answer = """
import ctypes
import subprocess
from multiprocessing import get_context

import numpy as np
from optilab.papers.mfac import experiment


def f():
    try:
        subprocess.run(["true"])
    except OSError:  # as matplotlib does, which asks a program for fonts
        assert np.ones(3).ctypes.data_as(ctypes.POINTER(ctypes.c_double))[2] == 1
    with get_context("fork").Pool(1) as pool:
        return pool.map(abs, [1, -2])


def g():
    return experiment.M
"""
    found = verdict(answer, check)
    assert found.passed, found
    assert found.printed.startswith(
        "experiment: your answer needs code of optilab.papers.mfac.algorithm, which can't be read where it is graded"
    )


def test_own_work_wants_modules_that_the_check_names():
    check = "from optilab.course.grade import own_work\nown_work(f, 'optilab.' + 'classics')"
    found = verdict("def f():\n    pass", check)
    assert found.name == "ValueError"
    assert "('optilab.classics',)" in found.text
    assert withheld("own_work(f, 'optilab.classics', 'numpy')") == ("optilab.classics",)
    assert withheld("f('optilab.classics')") == ()
    room = "optilab.papers.dojo"
    assert withheld(f"own_work(f, '{room}.algorithm.cones')") == (f"{room}.algorithm.cones", f"{room}.exercises")


@pytest.mark.parametrize("slug", SLUGS)
def test_what_a_task_asks_to_write_is_nowhere_in_the_answers_process(slug):
    notebook = source(slug)
    setup = cells(notebook, "locked")["setup"].source
    checks = [cell.source for cell in cells(notebook, "grade").values() if withheld(cell.source)]
    assert checks, f"no check of {slug} says by own_work what may not run inside an answer"
    for check in checks:
        names = tuple(name for name in withheld(check) if name != "optilab.course.grade")
        assert any(name.endswith("exercises") for name in names)  # which hold what is expected
        peek = f"import sys\nloaded = [name for name in sys.modules if name.startswith({names!r})]"
        asked = f"from optilab.course.grade import own_work\nassert loaded == [], loaded\nown_work, {names!r}"
        assert verdict(setup + "\n" + peek, asked) == ("", "", "")
