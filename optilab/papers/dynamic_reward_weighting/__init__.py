"""Several rewards for one policy: weights that follow the gradients, and a reward scaled by hypervolume."""
