"""`optilab reproduce`, on papers made up here."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from distributed import LocalCluster

from optilab import catalogue, cli
from optilab.core.claim import Claim, Claims


def keeps(quick: bool) -> Claims:
    """One is more than it needs to be.

    Source: Theorem 1, Figure 2.
    """
    held = Claim("one is at least a half", 1.0, at_least=0.5, seeds=(0.9, 1.0, 1.1))
    return Claims((held, Claim("two", 2.0)))


def breaks(quick: bool) -> Claims:
    """The size is too large."""
    return Claims((Claim("full size" if not quick else "quick size", float("inf"), at_most=2),))


@pytest.fixture
def papers(monkeypatch):
    """Two papers: what the first one claims holds, the second one's claim does not."""
    rows, any_paper = [], catalogue.PAPERS[0]
    for number, (slug, experiment) in enumerate({"solid": keeps, "broken": breaks}.items(), 1):
        rows.append(replace(any_paper, slug=slug, number=number, title=f"On {slug}", year=2026))
        module = SimpleNamespace(EXPERIMENTS=(experiment,))
        monkeypatch.setitem(sys.modules, f"optilab.papers.{slug}.experiment", module)
    monkeypatch.setattr(catalogue, "PAPERS", tuple(rows))


def test_claims_are_grouped_by_paper_and_experiment_beside_their_figures(papers, capsys):
    assert cli.main(["reproduce", "solid"]) == 0
    printed = capsys.readouterr()
    assert (
        printed.out
        == """\
01 solid: On solid, 2026

  One is more than it needs to be. [Theorem 1, Figure 2]
    ✓ one is at least a half
        measured 1; asked ≥ 0.5; 0.9 … 1 … 1.1 (3 seeds)
    · two
        measured 2; reported, nothing is asked

"""
    )
    assert "1 of 1 claims hold; reported without a bound: 1\n" in printed.err


def test_reproduce_fails_where_one_claim_does_not_hold(papers, capsys):
    assert cli.main(["reproduce", "--quick"]) == 1
    printed = capsys.readouterr()
    assert "    ✗ quick size\n        measured inf; asked ≤ 2\n" in printed.out
    assert "1 of 2 claims hold; reported without a bound: 1\n" in printed.err


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_it_is_as_wide_as_the_terminal_and_no_wider_than_can_be_read(columns, papers, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    long = SimpleNamespace(EXPERIMENTS=(lambda quick: Claims((Claim("some words " * 30, 1.0, seeds=(1.0, 2.0)),)),))
    monkeypatch.setitem(sys.modules, "optilab.papers.solid.experiment", long)
    cli.main(["reproduce", "solid"])
    lines = capsys.readouterr().out.splitlines()
    assert min(columns, 100) - 12 < max(map(len, lines)) <= min(columns, 100)
    assert " ".join(lines).split().count("words") == 30


def test_reproduce_in_processes_gives_the_same_as_valid_json(papers, capsys):
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    printed = []
    for jobs in ("1", "2"):
        assert cli.main(["reproduce", "--json", "--jobs", jobs]) == 1
        printed.append(json.loads(capsys.readouterr().out, parse_constant=refuse))
    assert printed[0] == printed[1]
    solid, two, broken = printed[0]
    assert (solid["paper"], solid["measured"], solid["at_least"], solid["at_most"]) == ("solid", 1.0, 0.5, "inf")
    assert solid["seeds"] == [0.9, 1.0, 1.1]
    assert (solid["asked"], solid["experiment"]) == ("≥ 0.5", "One is more than it needs to be.")
    assert [row["source"] for row in printed[0]] == ["Theorem 1, Figure 2"] * 2 + [""]
    assert [row["reported"] for row in printed[0]] == [False, True, False]
    assert (two["asked"], two["holds"]) == ("reported", True)
    assert (broken["statement"], broken["measured"], broken["holds"]) == ("full size", "inf", False)


def test_reproduce_on_a_dask_cluster_gives_the_same(papers, capsys):
    printed = []
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        for words in ([], ["--dask", cluster.scheduler_address]):
            assert cli.main(["reproduce", "--json", *words]) == 1
            printed.append(json.loads(capsys.readouterr().out))
    assert printed[0] == printed[1]


def test_reproduce_says_in_one_sentence_that_no_cluster_is_there(papers, capsys, monkeypatch):
    monkeypatch.setattr(cli.reproduce, "ANSWER", 0.2)
    for address in ("tcp://127.0.0.1:1", "nonsense://"):
        assert cli.main(["reproduce", "--dask", address]) == 1
        said = capsys.readouterr().err.splitlines()
        assert said[-1].startswith(f"optilab: no scheduler answers at {address}: ")
    monkeypatch.setattr(cli.reproduce, "find_spec", lambda name: None)
    assert cli.main(["reproduce", "--dask", "tcp://127.0.0.1:1"]) == 1
    said = "--dask needs distributed, which isn't installed: pip install 'optilab[cluster]'"
    assert capsys.readouterr().err == f"optilab: {said}\n"
    with pytest.raises(SystemExit):
        cli.main(["reproduce", "--dask", "tcp://127.0.0.1:1", "--jobs", "2"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_reproduce_stopped_from_the_keyboard_says_so(papers, capsys, monkeypatch):
    def stopped(quick: bool) -> None:
        raise KeyboardInterrupt

    broken = SimpleNamespace(EXPERIMENTS=(stopped,))
    monkeypatch.setitem(sys.modules, "optilab.papers.broken.experiment", broken)
    assert cli.main(["reproduce"]) == 130
    printed = capsys.readouterr()
    assert "one is at least a half" in " ".join(printed.out.split())
    assert "interrupted: 1 of 2 experiments were finished" in printed.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nosuch"], "the paper must be one of solid, broken, got 'nosuch'"),
        (["--jobs", "0"], "argument --jobs: it must be a whole number, 1 or more, got '0'"),
    ],
)
def test_reproduce_refuses_what_it_does_not_know(words, sentence, papers, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["reproduce", *words])
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err
