"""Bilevel problems whose upper curvature grows with the gradient: normalised momentum and periodic lower updates."""
