"""Policy gradients from one trajectory a step: a remembered direction is corrected for the drift of the path.

I. Fatkhullin, A. Barakat, A. Kireeva, N. He, "Stochastic Policy Gradient Methods", ICML 2023, arXiv 2302.01734.
"""
