"""Two counters in a race, the inner lengths, the slide itself, smoothing in motion, and how to break it."""

from optilab.papers.gradient_sliding.explorer.extremes import extremes
from optilab.papers.gradient_sliding.explorer.lengths import lengths
from optilab.papers.gradient_sliding.explorer.slide import slide
from optilab.papers.gradient_sliding.explorer.smoothing import smoothing
from optilab.papers.gradient_sliding.explorer.two_counters import two_counters
