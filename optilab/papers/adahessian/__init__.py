"""ADAHESSIAN: Adam with the Hessian's diagonal, estimated by random signs, where Adam has the squared gradient."""
