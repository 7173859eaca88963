"""Words in the colour of what they name, so that a title is also a legend."""

from optilab.papers.passivity_acceleration.experiment.races import METHODS
from optilab.ui.theme import INK, color


def word(text: str, colour: str) -> str:
    """HTML for a text in a colour; in the reader's text colour for `INK`."""
    return text if colour == INK else f'<span style="color: {colour}">{text}</span>'


def method_words() -> str:
    """The four methods, each in its colour."""
    return ", ".join(word(name, color(name)) for name in METHODS)
