"""CAPO: leave out the few tokens whose step would carry a policy too far."""
