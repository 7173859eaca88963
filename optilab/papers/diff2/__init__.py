"""Differential privacy by gradient differences: noise dies down with the steps, and restarts keep it small."""
