"""Two counters in a race, the inner lengths, the slide itself, smoothing in motion, and how to break it."""

from optilab.papers.gradient_sliding.explorer.growth import lengths
from optilab.papers.gradient_sliding.explorer.huber import smoothing
from optilab.papers.gradient_sliding.explorer.limits import extremes
from optilab.papers.gradient_sliding.explorer.plane import PLANE, slide
from optilab.papers.gradient_sliding.explorer.race import two_counters

__all__ = ["PLANE", "extremes", "lengths", "slide", "smoothing", "two_counters"]
