"""Z. Liu, Z. Zhou, "Revisiting the Last-Iterate Convergence of Stochastic Gradient Methods", 2024, arXiv 2312.08531."""
