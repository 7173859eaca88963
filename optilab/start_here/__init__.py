"""The first ten minutes: one slider, one derivation, one look at the source, one exercise."""
