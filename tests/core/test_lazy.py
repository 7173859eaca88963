"""A plain `import optilab`: names resolve when they are asked for, and nothing is imported before."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import optilab
from optilab.core.lazy import submodule

HEAVY = ["numpy", "scipy", "sympy", "tqdm", "plotly", "ipywidgets", "IPython", "jupyterlab"]


def fresh(script):
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.strip()


def test_the_import_itself_brings_nothing():
    assert fresh(f"import sys, optilab; print([name for name in {HEAVY} if name in sys.modules])") == "[]"


def test_names_resolve_from_a_plain_import_and_bring_what_they_need():
    script = f"""
import sys, optilab
problem = optilab.problems.quadratic.Quadratic([[1.0]], [0.0])
trace = optilab.run(optilab.classics.heavy_ball.heavy_ball(problem, [1.0], alpha=0.1, beta=0.5), 10)
assert isinstance(trace, optilab.Trace)
print([name for name in {HEAVY} if name in sys.modules])
optilab.papers.last_iterate.algorithm.csmd, optilab.core.numerics.rk4
assert "optilab.papers.mfac" not in sys.modules
optilab.papers.mfac.algorithm.pruning.Masked
try:
    optilab.classics.heavy_ball.heavy_ball(problem, [1.0], alpha="fast", beta=0.5)
except ValueError as error:
    print(error)
"""
    assert fresh(script).splitlines() == [
        "['numpy']",
        "alpha must be a finite number or an array of finite numbers, got 'fast'",
    ]


def test_names_are_completed():
    assert {"run", "Trace", "sweep", "classics", "papers", "problems", "core", "ui"} <= set(dir(optilab))
    assert {"heavy_ball", "adam"} <= set(dir(optilab.classics))
    assert {"run", "claim"} <= set(dir(optilab.core))
    assert {"race", "methods"} <= set(dir(optilab.arena))
    assert {"algorithm", "explorer"} <= set(dir(optilab.papers.mfac))


@pytest.mark.parametrize(
    "package", [optilab, optilab.arena, optilab.classics, optilab.papers, optilab.papers.capo, optilab.core]
)
def test_what_is_not_there_is_an_attribute_error(package):
    for name in ("nowhere", "_private", "__wrapped__"):
        assert not hasattr(package, name)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nowhere'"):
        _ = package.nowhere


def test_a_module_that_misses_another_one_says_so(tmp_path, monkeypatch):
    (tmp_path / "broken_parcel").mkdir()
    (tmp_path / "broken_parcel" / "__init__.py").write_text("")
    (tmp_path / "broken_parcel" / "wire.py").write_text("import there_is_no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="there_is_no_such_module"):
        submodule("broken_parcel", "wire")


def test_type_checkers_are_told_the_same_names():
    tree = ast.parse(Path(optilab.__file__).read_text())
    (told,) = (node for node in tree.body if isinstance(node, ast.If))
    homes = {name.name: part.module for part in told.body for name in part.names}
    assert {name: f"optilab.core.{home}" for name, home in optilab.HOMES.items()} | dict.fromkeys(
        ["arena", "classics", "core", "papers", "problems"], "optilab"
    ) == homes
    assert sorted(homes) == optilab.__all__
    assert all(hasattr(optilab, name) for name in homes)
    assert (Path(optilab.__file__).parent / "py.typed").exists()
