"""What the methods are tried on: soft maxima, powers of residuals, labelled points, and curves in one dimension."""

from optilab.papers.gradient_normalized_smoothness.problems.curves import CURVES, Curve
from optilab.papers.gradient_normalized_smoothness.problems.points import SoftmaxRegression, fisher, labelled
from optilab.papers.gradient_normalized_smoothness.problems.residuals import (
    Affine,
    Chain,
    Power,
    RankOne,
    Residual,
    Valley,
    underdetermined,
)
from optilab.papers.gradient_normalized_smoothness.problems.soft_maximum import LogSumExp, soft_maximum
