"""Curvature kept in its inverse: one rank-one update a step instead of an inversion."""
