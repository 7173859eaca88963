"""The methods of this lesson and their colours."""

from optilab.ui.theme import ORANGE, methods

color = methods(
    ours=("sparse OT", "quadratic OT"),
    rivals=("token choice", "Sinkhorn", "L-BFGS", "linear program", "expert choice"),
    others={"supergradient ascent": ORANGE},
)
