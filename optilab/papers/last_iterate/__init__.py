"""Which point to hand out: the last iterate of stochastic gradient methods, and the step sizes that make it good."""
