import numpy as np
import pytest

from optilab.papers.gradient_sliding import algorithm as gs
from optilab.papers.gradient_sliding.experiment import constants, slide
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression


def test_figures_of_robust_regression_with_full_subgradients():
    problem, x0 = robust_regression(0), np.zeros(20)
    known = constants(problem, x0, stochastic=False)
    assert known["D"] == pytest.approx(25.1, abs=0.05)
    plan = gs.rf_sgs(**known, N=103)
    assert plan.gamma[0] == pytest.approx(0.0768, abs=5e-5)
    curve = slide(problem, x0, plan)
    for k, subgradients, gap in [(35, 72, 1.7e-2), (69, 297, 6.2e-4), (103, 1102, 1.4e-4)]:
        assert curve.cheap[k] == subgradients
        assert curve.gap[k] == pytest.approx(gap, rel=0.04)
