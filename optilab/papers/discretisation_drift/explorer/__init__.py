"""The interactive pictures: flows, the stability diagram, the edge of stability, two players, smoothness."""

from optilab.papers.discretisation_drift.explorer.coefficients import stability_diagram
from optilab.papers.discretisation_drift.explorer.edge import edge_of_stability
from optilab.papers.discretisation_drift.explorer.flows import descent_and_flows
from optilab.papers.discretisation_drift.explorer.games import two_players
from optilab.papers.discretisation_drift.explorer.smoothness import smooth_classifier

__all__ = ["descent_and_flows", "edge_of_stability", "smooth_classifier", "stability_diagram", "two_players"]
