"""Checks for the assignment on discretisation drift: each says what is wrong, not only that something is."""
