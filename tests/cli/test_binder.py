"""The environment of Binder: made from binder/ as repo2docker makes it, it runs the first lesson."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]


def test_the_python_of_binder_is_one_that_the_package_supports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    assert version in SpecifierSet(project["requires-python"])


@pytest.mark.full
def test_its_environment_runs_the_first_lesson(clone, tmp_path):
    environment = tmp_path / "environment"
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "JUPYTER_DATA_DIR": str(tmp_path / "data"), "PIP_NO_COMPILE": "1"}
    lesson = "lessons/00_start_here.ipynb"
    for command in (
        [sys.executable, "-m", "venv", environment],
        [environment / "bin" / "pip", "install", "-q", "-r", "binder/requirements.txt"],
        ["./binder/postBuild"],
        [environment / "bin" / "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", lesson],
    ):
        subprocess.run(command, cwd=clone, env=env, check=True)
    assert list((clone / "optilab" / "core" / "__pycache__").glob("run.*.pyc"))
    assert (tmp_path / "data" / "nbsignatures.db").exists()
