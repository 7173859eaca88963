"""One radius, to be played with: a cone in one dimension, a race, two kinds of labels, what breaks, a laboratory."""

from optilab.papers.gradient_normalized_smoothness.explorer.breaks import breaks
from optilab.papers.gradient_normalized_smoothness.explorer.cone import cone
from optilab.papers.gradient_normalized_smoothness.explorer.labels import labels
from optilab.papers.gradient_normalized_smoothness.explorer.laboratory import laboratory
from optilab.papers.gradient_normalized_smoothness.explorer.race import race
