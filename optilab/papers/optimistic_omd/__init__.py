"""Betting that the next gradient looks like the last: optimistic mirror descent from i.i.d. to adversarial losses."""
