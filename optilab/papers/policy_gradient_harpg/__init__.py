"""I. Fatkhullin, A. Barakat, A. Kireeva, N. He, "Stochastic Policy Gradient Methods", ICML 2023, arXiv 2302.01734."""
