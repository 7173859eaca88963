"""LV-HBA, to be played with: the value function's gap, an edge, a flat lower level, the saddle step, wrong labels."""

from optilab.papers.lv_hba.explorer.atlas import atlas
from optilab.papers.lv_hba.explorer.corner import corner
from optilab.papers.lv_hba.explorer.machine import machine
from optilab.papers.lv_hba.explorer.plain import plain
from optilab.papers.lv_hba.explorer.spiral import spiral
from optilab.papers.lv_hba.explorer.valley import valley
