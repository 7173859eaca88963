"""On discretisation drift and smoothness regularisation in neural network training (Rosca, 2023)."""
