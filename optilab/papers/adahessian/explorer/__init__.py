"""ADAHESSIAN, to be played with: a race in other units, the cloud of estimates, losses of a network, its curvatures."""

from optilab.papers.adahessian.explorer.cloud import cloud
from optilab.papers.adahessian.explorer.curvatures import curvatures
from optilab.papers.adahessian.explorer.losses import losses
from optilab.papers.adahessian.explorer.race import race
