"""What several pictures share: the methods and their colours."""

from optilab.ui.theme import BLUE, GREEN, TEAL, methods

color = methods(
    ours=("MKOR", "MKOR-H"),
    rivals=("printed rule", "KFAC", "LAMB", "Eva-like", "SNGD"),
    reference=("SGD",),
    others={"exact rule": BLUE, "package rule": GREEN, "Eva": TEAL},
)
RULES = {"exact": color("exact rule"), "package": color("package rule"), "printed": color("printed rule")}
