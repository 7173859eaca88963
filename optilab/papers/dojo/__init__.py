"""Contact as a cone-complementarity problem: an interior-point step, and gradients through its root."""
