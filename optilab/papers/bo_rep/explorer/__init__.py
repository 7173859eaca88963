"""BO-REP, to be played with: a speed camera, the steps that arrive, a chased solution, noise, wrong labels found."""

from optilab.papers.bo_rep.explorer.camera import camera
from optilab.papers.bo_rep.explorer.chase import chase
from optilab.papers.bo_rep.explorer.labels import labels
from optilab.papers.bo_rep.explorer.maps import maps
from optilab.papers.bo_rep.explorer.noise import noise
