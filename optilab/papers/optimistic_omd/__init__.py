"""Betting that the next gradient looks like the last: optimistic mirror descent between the i.i.d. and the adversarial."""
