"""Rout, Chen, Kumar, Caramanis, Shakkottai & Chu: inverse problems by Tweedie's formula and a trace (STSL)."""
