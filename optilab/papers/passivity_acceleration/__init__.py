"""Acceleration by design: make gradient flow the target of a controlled system, and feedback gives Nesterov's method.

M. Parimi, R. Mehra, S. R. Wagh, A. Yerudkar, N. Singh, "On the Dynamics of Acceleration in First order Gradient
Methods", 2025 (arXiv 2509.18346).
"""
