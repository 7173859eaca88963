"""The page that says how to bring a problem of one's own: its code runs as it stands, and what it says is so."""

import re
from pathlib import Path

import numpy as np
import pytest

from optilab.classics.exact_transport import exact_transport
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import poly
from optilab.problems.transport import Transport

PAGE = (Path(__file__).parents[2] / "docs" / "bring_your_own.md").read_text()
SECTIONS = {
    section.partition("\n")[0]: "\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))
    for section in re.split(r"^##? ", PAGE, flags=re.MULTILINE)[1:]
}


@pytest.fixture
def names(request, tmp_path, monkeypatch):
    """What the code of a section, named by a word of its title, has defined once it has run."""
    monkeypatch.chdir(tmp_path)
    (code,) = (code for title, code in SECTIONS.items() if request.param in title)
    defined = {"__name__": "__main__"}  # as in a script: Dask sends its functions by value
    exec(compile(code, "docs/bring_your_own.md", "exec"), defined)
    return defined


def about(word):
    """Of which section a test speaks."""
    return pytest.mark.parametrize("names", [word], indirect=True)


def test_every_section_has_code_and_a_test():
    tested = re.findall(r'^@about\("(.*)"\)$', Path(__file__).read_text(), re.MULTILINE)
    assert all(SECTIONS.values())
    assert sorted(next(word for word in tested if word in title) for title in SECTIONS) == sorted(tested)


@about("Bring your own")
def test_a_plain_import_is_enough(names):
    said = re.search(r"^trace  # (.*)$", PAGE, re.MULTILINE)[1]
    assert repr(names["trace"]) == said


@about("stochastic")
def test_a_stochastic_problem_of_ones_own(names):
    gap, promised = names["gap"], names["promised"]
    assert gap.shape == (names["seeds"],)
    assert (gap >= 0).all()
    assert gap.mean() < promised
    problem, T = names["problem"], names["T"]
    eta = poly(T, 1.0) * names["eta"][0] / poly(T, 1.0)[0]  # begins as long and ends longer
    states = names["csmd"](problem, np.zeros((names["seeds"], 1)), eta=eta, rng=np.random.default_rng(3))
    other = problem(run(states, T, every=T).x[-1]) - problem(names["best"])
    assert gap.mean() < other.mean()


@about("Transport")
def test_transport_at_costs_of_ones_own(names):
    plan, minutes = names["plan"], names["minutes"]
    assert (np.count_nonzero(plan.T, axis=0) <= 15).all()
    np.testing.assert_allclose(plan.T.sum(0), 1 / 8)
    assert plan.row_error < 0.01
    assert 0 <= plan.gap < 0.005
    looser = names["sparse_transport"](names["pupils"], names["places"], minutes, k=10, gamma=10.0)
    assert looser.gap == pytest.approx(0.12, abs=0.01)
    least = exact_transport(Transport(names["pupils"], names["places"], minutes)).value
    assert plan.cost == pytest.approx(least, rel=0.01)


@about("formula")
def test_a_formula_of_ones_own_and_its_flows(names):
    distance = names["distance"]
    assert distance["PF"] < distance["IGR"] < distance["NGF"]
    assert distance["PF + non-principal"] < distance["PF"]
    assert names["sharpness"](names["loss"], names["descent"][-1]) < names["edge"](names["h"])


@about("Dask")
def test_a_sweep_over_64_seeds_on_a_dask_cluster(names):
    outcomes = names["outcomes"]
    assert [outcome.point for outcome in outcomes] == [{"seed": seed, "T": 400} for seed in range(64)]
    assert names["gaps"][5] == names["final_gap"](5, 400)
    assert len(set(names["gaps"])) == 64


@about("Keep")
def test_a_trace_is_kept(names):
    table, valley = names["table"], names["valley"]
    said = re.search(r"columns (.*)$", PAGE, re.MULTILINE)[1]
    assert ", ".join(table.columns) == said
    assert table.loc[(100, 1), "value"] == valley(names["trace"].x[100, 1])
