"""Optimism, to be played with: worlds between i.i.d. and adversarial, one round, step sizes, hints, an ensemble."""

from optilab.papers.optimistic_omd.explorer.geometry import geometry
from optilab.papers.optimistic_omd.explorer.hints import hints
from optilab.papers.optimistic_omd.explorer.lengths import lengths
from optilab.papers.optimistic_omd.explorer.metric import metric
from optilab.papers.optimistic_omd.explorer.weights import weights
from optilab.papers.optimistic_omd.explorer.worlds import worlds
