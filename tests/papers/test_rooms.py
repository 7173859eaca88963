"""What every room keeps: its parts are there, its derivations run, its claims hold, a batch is its replicates.

A room says in `<slug>/cases.py` what to run for the last of these:

CASES
    A function for every `@algorithm`, by its name (`"csmd"`; `"csmd: ball"`, `"csmd: entropy"` where there are more).
    `case(i, rng)` begins a run of three replicates, or the run of one of them alone: what differs between replicates is
    an array or list of three, taken at `i`, and `rng` is the generator to draw from, where there is something to draw.
ONE
    The names of algorithms that take one instance and no replicates; none by default.

What it says of its problems there is for `tests/problems/test_oracles.py`.
"""

import inspect
import re
import runpy
from importlib import import_module
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pytest
from corners import explorers
from rooms import ROOT, WHOLE, missing

from optilab.catalogue import PAPERS
from optilab.core.derive import Derivation
from optilab.core.randomness import common
from optilab.core.run import Trace, run

SLUGS = [paper.slug for paper in WHOLE]
LESSONS = {paper.slug: ROOT / "lessons" / paper.lesson for paper in WHOLE}
STEPS = 40  # of a case that doesn't end by itself
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def part(slug: str, name: str) -> ModuleType:
    return import_module(f"optilab.papers.{slug}.{name}")


def functions(module: ModuleType) -> dict:
    """The public functions of a module or, where it is a package, that it gives and has defined itself, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__module__.startswith(module.__name__)
    }


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.slug)
def test_a_paper_has_the_files_of_all_papers(paper):
    lacks = missing(paper)
    assert not lacks, f"`optilab new {paper.slug}` makes what is missing: {', '.join(lacks)}"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_parts_of_a_room_are_not_empty(slug):
    room, tests = f"optilab/papers/{slug}", Path(__file__).parent / slug
    checks = [name for name in functions(part(slug, "exercises")) if name.startswith("check_")]
    wanted = {
        f"{room}/algorithm marks no function with @algorithm": algorithms(slug),
        f"{room}/derivation has no function without arguments that gives a Derivation": derivations(slug),
        f"{room}/experiment lists nothing in EXPERIMENTS": part(slug, "experiment").EXPERIMENTS,
        f"{room}/explorer has no function that gives an Explorer": explorers(part(slug, "explorer")),
        f"{room}/exercises has no check_… for each of three tasks": checks[2:],
        f"tests/papers/{slug} has no function test_… of its own": [
            path for path in tests.rglob("test_*.py") if re.search(r"^\s*def test_", path.read_text(), re.MULTILINE)
        ],
    }
    empty = [sentence for sentence, found in wanted.items() if not found]
    assert not empty, "\n".join(empty)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_experiment_says_what_it_shows(slug):
    silent = [one.__name__ for one in part(slug, "experiment").EXPERIMENTS if not (inspect.getdoc(one) or "").strip()]
    assert not silent, f"`optilab reproduce` prints the docstrings of experiments; these have none: {silent}"


# ---- derivations


def derivations(slug: str) -> dict:
    """The derivations of a room that need no argument, by name."""
    return {
        name: function
        for name, function in functions(part(slug, "derivation")).items()
        if inspect.signature(function).return_annotation in (Derivation, "Derivation")
        and all(given.default is not given.empty for given in inspect.signature(function).parameters.values())
    }


DERIVATIONS = [
    pytest.param(function, id=f"{slug}-{name}") for slug in SLUGS for name, function in derivations(slug).items()
]


@pytest.mark.parametrize("derive", DERIVATIONS)
def test_a_derivation_runs_and_gives_a_reason_for_every_line(derive):
    derivation = derive()
    assert isinstance(derivation, Derivation)
    assert derivation.title
    assert len(derivation.lines) > 1
    assert all(line.because for line in derivation.lines)


# ---- claims


def measured_in_the_lesson(slug: str, name: str) -> bool:
    """Whether the lesson shows the verdict on an experiment's claims, so that its own test measures them."""
    tables = [
        cell.source
        for cell in nbformat.read(LESSONS[slug], as_version=4).cells
        if any("| ✓ |" in output.get("data", {}).get("text/markdown", "") for output in cell.get("outputs", []))
    ]
    return any("experiment.claims(" in source or f".{name}," in f"{source},".replace("]", ",") for source in tables)


EXPERIMENTS = [
    pytest.param(
        experiment,
        id=f"{slug}-{experiment.__name__}",
        marks=[pytest.mark.full] if measured_in_the_lesson(slug, experiment.__name__) else [],
    )
    for slug in SLUGS
    for experiment in part(slug, "experiment").EXPERIMENTS
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_what_the_paper_claims_holds_at_the_quick_size(experiment):
    claims = list(experiment(True))
    assert [str(claim) for claim in claims if not claim.holds] == []
    assert [claim.statement for claim in claims if claim.statement.startswith("…")] == []  # each stands alone


# ---- replicates

CASES = {slug: runpy.run_path(str(Path(__file__).parent / slug / "cases.py")) for slug in SLUGS}


def algorithms(slug: str) -> set[str]:
    """The names of a room's algorithms: the functions that were generators of states before they were marked."""
    room = part(slug, "algorithm")
    modules = [room, *(value for value in vars(room).values() if inspect.ismodule(value))]
    marked = {
        value
        for module in modules
        if module.__name__.startswith(room.__name__)
        for value in functions(module).values()
        if hasattr(value, "__wrapped__")
        and not hasattr(value, "at_door")
        and inspect.isgeneratorfunction(inspect.unwrap(value))
    }
    return {value.__name__ for value in marked}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_algorithm_has_a_case(slug):
    cased = {name.partition(":")[0] for name in CASES[slug]["CASES"]}
    assert cased | set(CASES[slug].get("ONE", ())) == algorithms(slug)


def traced(states) -> Trace:
    return states if isinstance(states, Trace) else run(states, STEPS)


def of_replicate(values: np.ndarray, i: int, shape: tuple[int, ...]) -> np.ndarray:
    """What of a batch's field belongs to one replicate, whose own field has this shape; all of it if it is shared."""
    if values.shape[1:] == shape[1:]:
        return values
    (axis, *_) = (k for k in range(1, values.ndim) if np.delete(values.shape, k)[1:].tolist() == list(shape[1:]))
    return np.take(values, i, axis)


@pytest.mark.parametrize(
    ("slug", "name"), [pytest.param(slug, name, id=f"{slug}-{name}") for slug in SLUGS for name in CASES[slug]["CASES"]]
)
def test_a_batch_is_its_replicates_one_by_one(slug, name):
    case = CASES[slug]["CASES"][name]
    together = traced(case(slice(None), common(np.random.default_rng(5), 1)))
    ends = []
    for i in range(3):
        alone = traced(case(i, np.random.default_rng(5)))
        for field, values in alone.fields.items():
            mine = of_replicate(together.fields[field], i, values.shape)
            np.testing.assert_allclose(mine[: len(values)], values, **CLOSE, err_msg=field)
        point, *_ = alone.fields
        mine = of_replicate(together.fields[point], i, alone.fields[point].shape)
        np.testing.assert_allclose(mine[-1], alone.fields[point][-1], **CLOSE)  # one that has ended stays there
        ends.append((len(alone.step), alone.fields[point][-1].tobytes()))
    assert max(steps for steps, _ in ends) == len(together.step) > 1
    assert len(set(ends)) == 3  # replicates that are the same would say nothing
