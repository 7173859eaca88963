"""Optimal transport in which every column of the plan has at most k nonzeros.

The constraint isn't convex, yet the dual and the semi-dual stay concave and easy, and k is a dial from exact transport
to quadratic transport.

Source: T. Liu, J. Puigcerver, M. Blondel, "Sparsity-constrained optimal transport", ICLR 2023 (arXiv 2209.15466).
"""
