"""One local radius that says how far a Newton step may be trusted, whatever the function and whatever the Hessian."""
