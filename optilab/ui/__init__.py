"""The widget kit: explorers, predictions, sources, one theme."""
