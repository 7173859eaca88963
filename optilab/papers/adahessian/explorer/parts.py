"""The methods' colours."""

from optilab.ui.theme import PINK, methods

color = methods(ours=["ADAHESSIAN"], others={"SGD with momentum": PINK})
