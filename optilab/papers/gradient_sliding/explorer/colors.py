"""The colours of the room's methods."""

from optilab.ui.theme import methods

color = methods(ours=("RF-SGS", "RF-ASGS"), rivals=("M-SGS",), reference=("prox-SGD",))
