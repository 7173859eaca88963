"""The textbook methods that papers are compared with."""

from optilab.core.door import guard

guard(__name__)
