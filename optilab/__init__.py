"""optilab: papers of modern optimisation that you can play with."""

__version__ = "0.1.0"
