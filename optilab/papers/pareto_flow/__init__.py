"""ParetoFlow: designs from a generative flow that is pushed towards the Pareto front by what was learned from data."""
