"""One room a paper; every room has the same files."""

from optilab.core.door import guard

guard(__name__)
