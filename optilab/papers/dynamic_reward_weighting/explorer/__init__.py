"""Moving weights, to be played with: checkpoints, weights, a scaled reward, a bent front, a starved objective."""

from optilab.papers.dynamic_reward_weighting.explorer.fronts import fronts
from optilab.papers.dynamic_reward_weighting.explorer.scaled import scaled
from optilab.papers.dynamic_reward_weighting.explorer.starving import starving
from optilab.papers.dynamic_reward_weighting.explorer.tokens import tokens
from optilab.papers.dynamic_reward_weighting.explorer.weights import weights
