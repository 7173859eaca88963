"""ParetoFlow, to be played with: a search that runs away, a flow that is pushed, its cones, what each part does."""

from optilab.papers.pareto_flow.explorer.ablation import ablation
from optilab.papers.pareto_flow.explorer.cones import cones
from optilab.papers.pareto_flow.explorer.curse import curse
from optilab.papers.pareto_flow.explorer.film import film
from optilab.papers.pareto_flow.explorer.widths import widths
