"""Finite steps drift from the gradient flow: how far, when that makes training unstable, and what smoothness changes.

M. C. Rosca, "On discretisation drift and smoothness regularisation in neural network training", PhD thesis, 2023.
"""
