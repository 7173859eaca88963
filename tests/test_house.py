"""The house around the library: nothing but the project in it, and nothing that it says is untrue."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from trove_classifiers import classifiers

import optilab

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()
REQUIREMENTS = [
    Requirement(text)
    for texts in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for text in texts
]
ELSEWHERE = re.compile(  # in two pieces each, lest this file be found
    "|".join(
        first + second
        for first, second in [
            ("/wo", "rk/"),
            ("/opt/opt", "ilab"),
            (r"\bsha", "red/"),
            ("DEVEL", r"OPERS\.md"),
            ("BRI", r"EF\.md"),
            (r"\bexem", r"plar\b"),
            (r"\bthe she", r"et\b"),
            (r"\bspecification she", "et"),
            ("house_", "check"),
        ]
    )
)


def tracked() -> list[Path]:
    listed = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).exists()]


def test_files_speak_of_the_project_alone():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        for match in ELSEWHERE.finditer(path.read_bytes().decode(errors="ignore"))
    ]
    assert not found


def test_the_licence_is_the_one_that_is_declared():
    text = (ROOT / PROJECT["license-files"][0]).read_text()
    assert text.startswith("BSD 3-Clause License\n")
    assert PROJECT["license"] == "BSD-3-Clause"


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_a_requirement_is_a_lower_bound_that_is_met_here(requirement):
    assert [specifier.operator for specifier in requirement.specifier] == [">="]
    assert version(requirement.name) in requirement.specifier


def test_the_version_is_the_package_s():
    assert version("optilab") == optilab.__version__


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "TEACHING.md", "CHANGELOG.md"])
def test_what_a_page_links_to_is_there(name):
    links = re.findall(r"\]\((?!https://)([^)]+)\)", (ROOT / name).read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_what_opens_the_lessons_installs_them_first():
    texts = [path.read_text() for path in tracked() if path.suffix == ".md" or path.parts[-2:] == ("site", "home.py")]
    lines = [line for text in texts for line in text.splitlines() if "&& .venv/bin/optilab lab" in line]
    assert len(lines) >= 2
    assert [line for line in lines if not re.search(r"pip install [^&]*\[lab\]", line)] == []


def test_the_changelog_has_the_version_first():
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == optilab.__version__


def test_it_is_cited_as_it_is():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # what the format asks for
    assert citation["version"] == optilab.__version__
    assert citation["license"] == PROJECT["license"]
    assert citation["repository-code"] == PROJECT["urls"]["Repository"]
    assert citation["authors"] == PROJECT["authors"]


def test_the_links_of_the_project_are_to_its_repository():
    assert {"Repository", "Issues", "Changelog"} <= PROJECT["urls"].keys()
    assert all(PROJECT["urls"][name].startswith(PROJECT["urls"]["Repository"]) for name in ("Issues", "Changelog"))


def test_the_classifiers_are_those_that_indexes_know_and_name_supported_pythons():
    assert PROJECT["classifiers"] == sorted(set(PROJECT["classifiers"]))
    assert set(PROJECT["classifiers"]) <= classifiers
    pythons = [text.split()[-1] for text in PROJECT["classifiers"] if "Python :: 3." in text]
    assert pythons[0] in SpecifierSet(PROJECT["requires-python"])


def test_the_example_of_readme_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    shape = re.search(r"trace\.x  # \((.*?)\)", example)
    assert names["trace"].x.shape == tuple(map(int, shape[1].split(",")))


def test_running_needs_numpy_alone():
    heavy = "{'scipy', 'sympy', 'tqdm', 'plotly', 'ipywidgets', 'IPython'}"
    script = f"import sys, optilab.core.run; print(sorted({heavy} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert printed == "[]\n"
