"""The interactive pictures: flows, the stability diagram, the edge of stability, two players, smoothness."""

from optilab.papers.discretisation_drift.explorer.descent_and_flows import descent_and_flows
from optilab.papers.discretisation_drift.explorer.edge_of_stability import edge_of_stability
from optilab.papers.discretisation_drift.explorer.smooth_classifier import smooth_classifier
from optilab.papers.discretisation_drift.explorer.stability_diagram import stability_diagram
from optilab.papers.discretisation_drift.explorer.two_players import two_players
