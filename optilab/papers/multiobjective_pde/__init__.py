"""Trade-off curves of a PDE with a kink: its solver, even fronts, certified reduced models, descent across kinks."""
