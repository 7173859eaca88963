"""The decision processes of policy gradients: a table, a linear system with Gaussian noise, a pendulum."""
