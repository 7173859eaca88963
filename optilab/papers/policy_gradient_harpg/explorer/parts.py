"""What several pictures share: the methods and their colours."""

from optilab.ui.theme import ORANGE, PINK, methods

NAMES = ["N-PG", "N-MPG", "N-PG-IGT", "N-HARPG"]
color = methods(
    ours=("N-PG-IGT",),
    reference=("PG", "N-PG"),
    others={"HARPG": ORANGE, "N-HARPG": ORANGE, "momentum PG": PINK, "N-MPG": PINK},
)
