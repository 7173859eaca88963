"""Products with an inverse Fisher matrix from m gradients and a triangle, for pruning and for training."""
