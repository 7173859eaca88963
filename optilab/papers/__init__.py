"""One room a paper; every room has the same files."""
