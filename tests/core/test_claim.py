"""Claims: figures against bounds."""

import numpy as np
import pytest

from optilab.core.claim import Claim, Claims, collect


@pytest.mark.parametrize(
    ("measured", "bounds", "holds"),
    [
        (3, {"at_most": 3}, True),
        (3.01, {"at_most": 3}, False),
        (3, {"at_least": 3}, True),
        (2.99, {"at_least": 3}, False),
        (2, {"at_least": 1, "at_most": 3}, True),
        (4, {"at_least": 1, "at_most": 3}, False),
        (np.nan, {"at_most": 3}, False),
        (np.nan, {"at_least": 3}, False),
        (np.nan, {}, False),
        (np.inf, {"at_least": 3}, True),
        (5, {}, True),
    ],
)
def test_a_claim_holds_within_its_bounds_and_never_at_nan(measured, bounds, holds):
    assert Claim("c", measured, **bounds).holds is holds


def test_a_claim_over_seeds_shows_them_all():
    claim = Claim.over("worst", [[3, 1], [2, 5]], np.max, at_most=4)
    assert (claim.measured, claim.at_most, claim.seeds, claim.holds) == (5.0, 4.0, (3.0, 1.0, 2.0, 5.0), False)
    assert Claim.over("middle", np.arange(3), np.median, at_least=1).holds
    assert not Claim.over("lost", [1, np.nan], np.max, at_most=9).holds


def test_a_claim_says_what_was_asked_and_measured():
    claim = Claim("error after 10 steps", np.float64(0.5), at_most=1, seeds=np.array([0.2, 0.5, 0.9]))
    assert str(claim) == "error after 10 steps: measured 0.5, asked ≤ 1: holds"
    assert claim.scatter == "0.2 … 0.5 … 0.9 (3 seeds)"
    assert Claim("c", 2.0, at_least=3).asked == "≥ 3"
    assert "DOES NOT HOLD" in str(Claim("c", 2.0, at_least=3))
    assert Claim("c", 2.0, at_least=1, at_most=3).asked == "≥ 1 and ≤ 3"
    assert Claim("c", 2.0).asked == "reported"
    assert Claim("c", 2.0).scatter == Claim("c", 2.0, seeds=(2.0,)).scatter == ""


@pytest.mark.parametrize(
    ("measured", "bounds", "asked", "figure"),
    [
        (0.12346, {"at_most": 0.12345678}, "≤ 0.12345678", "0.1235"),  # 0.123 would have kept it
        (0.0799951, {"at_least": 0.08}, "≥ 0.08", "0.079995"),
        (1.9996, {"at_most": 2}, "≤ 2", "2"),
        (2.0004, {"at_most": 2}, "≤ 2", "2.0004"),
        (1.0000005, {"at_most": 1 + 1e-6}, "≤ 1.000001", "1"),
        (1.5, {"at_most": np.pi / 2}, "≤ 1.571", "1.5"),
        (1.5, {"at_least": np.sqrt(2)}, "≥ 1.414", "1.5"),
        (-1.5, {"at_most": -np.sqrt(2)}, "≤ -1.414", "-1.5"),
        (np.sqrt(2), {"at_least": np.nextafter(np.sqrt(2), 2)}, "≥ 1.414", "1.41"),
        (0.1 + 0.2, {"at_most": 0.3}, "≤ 0.3", "0.30000000000000004"),
        (0.3, {"at_most": 0.1 + 0.2}, "≤ 0.3", "0.3"),
        (np.inf, {"at_most": 3}, "≤ 3", "inf"),
        (np.nan, {"at_most": 3}, "≤ 3", "nan"),
        (1e-17, {"at_most": 0}, "≤ 0", "1e-17"),
    ],
)
def test_what_is_shown_of_a_claim_says_what_its_verdict_says(measured, bounds, asked, figure):
    claim = Claim("c", measured, **bounds)
    assert (claim.asked, claim.figure) == (asked, figure)
    assert claim.row[1:3] == (asked, figure)
    shown = [float(text.split()[1]) for text in (asked, f"= {figure}")]
    assert (shown[1] <= shown[0] if "at_most" in bounds else shown[1] >= shown[0]) is claim.holds


def test_bounds_at_random_are_never_rounded_into_falsehood():
    rng = np.random.default_rng(0)
    for bound in np.exp(rng.normal(scale=5, size=300)) * rng.choice([-1, 1], 300):
        measured = bound * (1 + 10.0 ** rng.uniform(-17, 0) * rng.choice([-1, 1]))
        for claim in (Claim("c", measured, at_most=bound), Claim("c", measured, at_least=bound)):
            sign, shown = claim.asked.split()
            keeps = float(claim.figure) <= float(shown) if sign == "≤" else float(claim.figure) >= float(shown)
            assert keeps is claim.holds
            if claim.holds and claim.digits == 3:  # what keeps the bound keeps what is shown of it
                assert measured <= float(shown) if sign == "≤" else measured >= float(shown)


def test_nothing_is_asked_of_a_figure_that_is_reported():
    assert Claim("c", 2.0).reported
    assert not Claim("c", 2.0, at_least=1).reported
    assert not Claim("c", 2.0, at_most=1).reported
    assert str(Claim("c", 2.0)) == "c: measured 2, asked nothing: reported"
    assert [claim.mark for claim in (Claim("c", 2, 3), Claim("c", 2, 1), Claim("c", 2))] == ["✓", "✗", "·"]
    assert Claims([Claim("c", 2.0)])._repr_markdown_().endswith("| reported | 2 | · |")


def test_a_figure_that_is_none_holds_nowhere_even_where_nothing_is_asked():
    lost = Claim("c", np.nan)
    assert lost.mark == "✗"
    assert str(lost).endswith("DOES NOT HOLD")
    assert Claims([lost])._repr_markdown_().endswith("| ✗ |")


def test_claims_show_as_lines_and_as_a_table():
    claims = Claims([Claim("first", 1.0, at_most=2), Claim("second", 3.0, at_most=2)])
    assert repr(claims).splitlines() == [str(claim) for claim in claims]
    table = claims._repr_markdown_().splitlines()
    assert len(table) == 4
    assert table[2].endswith("| ✓ |")
    assert table[3].endswith("| ✗ |")
    assert len({row.count("|") for row in table}) == 1


def test_a_bar_in_a_statement_divides_no_cell():
    table = Claims([Claim("|x|: |g|", 1, 2), Claim("|x|: gap", 1, 2)])._repr_markdown_()
    assert table.splitlines()[2:4] == [r"| **\|x\|** |  |  |  |", r"| \|g\| | ≤ 2 | 1 | ✓ |"]


def test_collect_runs_every_experiment_at_the_size_asked_for():
    def one(quick):
        yield Claim("quick" if quick else "full", 1.0)

    def two(quick):
        return [Claim("a", 1.0), Claim("b", 2.0)]

    assert [claim.statement for claim in collect([one, two], quick=True)] == ["quick", "a", "b"]
    assert [claim.statement for claim in collect([two, one])] == ["a", "b", "full"]
    assert isinstance(collect([]), Claims)


def test_bounds_may_be_computed_with_numpy():
    assert Claim("x", 1.0, at_most=np.float64(2), at_least=np.float64(0.5)).asked == "≥ 0.5 and ≤ 2"


def test_a_table_has_no_empty_column_and_names_a_subject_once():
    table = Claims([Claim("bowl: slope", 1, 2), Claim("bowl: gap", 1, 2), Claim("alone: gap", 1, 2)])._repr_markdown_()
    assert table.splitlines() == [
        "| claim | asked | measured here | holds |",
        "| --- | --- | --- | --- |",
        "| **bowl** |  |  |  |",
        "| slope | ≤ 2 | 1 | ✓ |",
        "| gap | ≤ 2 | 1 | ✓ |",
        "| alone: gap | ≤ 2 | 1 | ✓ |",
    ]
    assert "| least … median … most |" in Claims([Claim.over("s", [1, 2], np.max)])._repr_markdown_()
