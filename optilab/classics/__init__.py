"""The textbook methods that papers are compared with."""
