"""Test problems and their oracles, shared by the papers."""
