"""Penalty methods for bilevel problems: a weight 1/σ on the lower level and no Hessian, at the price of a bias."""
