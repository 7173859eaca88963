"""Bilevel problems whose lower level is constrained: one smoothed value function, four projected gradient steps."""
