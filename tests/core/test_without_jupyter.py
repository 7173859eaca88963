"""All but pictures, grading and notebooks works where nothing is installed but what the package depends on."""

import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = {Requirement(text).name for text in PROJECT["dependencies"]} | {"mpmath"}  # SymPy's own
FLOORS = ("core", "problems", "classics", "papers", "arena", "cli")
LAB = ("explorer", "exercises")  # the parts of rooms that need pictures, or what grades
SOLVERS = "performance_"  # what only makes the tables of the package anew
WORKS = """
from importlib import import_module
from importlib.util import find_spec

assert all(find_spec(name) is None for name in ("IPython", "ipywidgets", "plotly", "anywidget", "jupyterlab", "pytest"))
for name in {modules!r}:
    import_module(name)

import numpy as np
from optilab.classics.heavy_ball import heavy_ball
from optilab.cli import main
from optilab.core.run import run
from optilab.papers.last_iterate import derivation
from optilab.problems.quadratic import Quadratic

trace = run(heavy_ball(Quadratic(np.eye(2), np.zeros(2)), np.ones(2), alpha=0.5, beta=0.5), 10)
assert trace.x.shape == (11, 2)
assert len(derivation.telescope().lines) > 1
assert main(["list"]) == 0
assert main(["reproduce", "--quick", "bilevel_penalty"]) == 0
assert main(["lab", "nowhere"]) == 1
"""


def modules() -> list[str]:
    """The modules that need no picture, no notebook and no grading."""
    paths = [path for floor in FLOORS for path in (ROOT / "optilab" / floor).rglob("*.py")]
    parts = [path.relative_to(ROOT).with_suffix("").parts for path in sorted(paths)]
    kept = [names for names in parts if not set(LAB) & set(names) and not names[-1].startswith((SOLVERS, "__main__"))]
    return [".".join(names).removesuffix(".__init__") for names in kept]


def test_only_numpy_scipy_sympy_and_a_progress_bar_are_needed():
    assert {"numpy", "scipy", "sympy", "tqdm", "mpmath"} == NEEDED
    assert len(modules()) > 100


def test_the_core_works_without_jupyter(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in NEEDED:
        for installed in Path(sysconfig.get_path("purelib")).glob(f"{name}*"):
            (tmp_path / installed.name).symlink_to(installed)
    script = WORKS.format(modules=modules())
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    alone = [sys.executable, "-S", "-c", script]  # -S: without what is installed
    done = subprocess.run(alone, cwd=tmp_path / "empty", env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "last_iterate" in done.stdout
    assert "pip install 'optilab[lab]'" in done.stderr
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.full
def test_an_environment_of_its_own_holds_no_more_than_that(tmp_path):
    python = tmp_path / "environment" / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", tmp_path / "environment"],
        [python, "-m", "pip", "install", "-q", "--no-compile", ROOT],
        [python, "-m", "optilab", "reproduce", "--quick", "bilevel_penalty"],
    ):
        subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ""}, check=True)
    listed = [python, "-m", "pip", "list", "--format=freeze"]
    freeze = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    installed = {line.partition("==")[0] for line in freeze.splitlines()}
    assert installed - {"pip", "setuptools", "wheel"} == NEEDED | {"optilab"}
