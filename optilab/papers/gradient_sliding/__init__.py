"""Restart-free gradient sliding for strongly convex composite optimisation."""
