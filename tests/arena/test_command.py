"""`optilab race`: its table, its JSON, what it refuses."""

import json

import pytest

from optilab import cli
from optilab.arena.methods import METHODS

SHORT = ["--budget", "30", "--seeds", "4"]


def test_the_table_says_who_wins_with_its_scatter(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    given = ["gradient-descent", "Heavy Ball", "--problem", "quadratic", "--set", "kappa=1000", "dimension=5"]
    assert cli.main(["race", *given, *SHORT]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert max(map(len, lines[:-1])) <= 80
    assert "gradient" in printed
    assert "…" in printed
    assert "wins: median gap" in printed or "no winner: " in printed


def test_json_is_the_whole_race(capsys):
    assert cli.main(["race", "adam", "--json", "--set", "dimension=3", "--seed", "5", *SHORT]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["properties"] == {"kappa": 100.0, "dimension": 3, "rotation": 0.0, "noise": 0.0}
    assert result["winner"] == "Adam"
    assert len(result["entrants"]["Adam"]["best"]["final"]) == 4
    assert set(result["entrants"]["Adam"]["best"]["curves"]) == {"iterations", "gradients", "cost"}


def test_without_methods_it_says_who_fits(capsys):
    assert cli.main(["race", "--problem", "rosenbrock"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(METHODS)
    assert "SGD: needs sampled gradients and samples; this problem has none" in lines
    assert f"Adam: {METHODS['Adam'].sentence}" in lines


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["adem"], "the method must be one of gradient descent"),
        (["sgd"], "a method must be one that fits the problem: SGD needs sampled gradients and samples"),
        (["adam", "--problem", "cubic"], "the problem must be one of quadratic"),
        (["adam", "--set", "kappa"], "a property must be NAME=VALUE with one of kappa"),
        (["line-search", "--budget", "1.2"], "the budget must be at least 3.5, the price of one step of line search"),
        (["adam", "--budget", "inf"], "the budget must be positive and finite, got inf"),
        (["adam", "--set", "kappa=high"], "kappa must be a number, such as 100.0, got 'high'"),
    ],
)
def test_what_it_cannot_do_it_says_in_a_sentence(given, said, capsys):
    assert cli.main(["race", *SHORT[2:], *SHORT[:2], *given]) == 1
    assert said in capsys.readouterr().err
