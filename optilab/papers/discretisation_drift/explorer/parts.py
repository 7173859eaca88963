"""What several pictures share: the flows, their names in the tables of the room and to a reader, their colours."""

from optilab.ui.theme import BLUE, GREEN, ORANGE, PURPLE, methods

NAMES = {"NGF": "gradient flow", "IGR": "IGR flow", "third order": "third-order flow", "PF": "principal flow"}
SHADES = dict(zip(NAMES.values(), (BLUE, GREEN, PURPLE, ORANGE), strict=True)) | {"modified flow": ORANGE}
color = methods(reference=["gradient descent"], others=SHADES)
LINES = [(name, label, color(label)) for name, label in NAMES.items()]
