"""Langevin dynamics that never leaves the equator of a sphere, and the time average that points at the pole."""
