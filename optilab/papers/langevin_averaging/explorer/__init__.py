"""Averaging on the sphere, to be played with: iterate and average, temperature, smoothing, the law of m, samples."""

from optilab.papers.langevin_averaging.explorer.averaging import averaging
from optilab.papers.langevin_averaging.explorer.equator import equator
from optilab.papers.langevin_averaging.explorer.samples import samples
from optilab.papers.langevin_averaging.explorer.smoothing import smoothing
from optilab.papers.langevin_averaging.explorer.temperature import temperature
