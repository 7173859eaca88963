"""Plans under a dial, one column, the ground that solvers walk on, experts with full buffers, a new palette."""

from optilab.papers.sparse_optimal_transport.explorer.bay import recolour
from optilab.papers.sparse_optimal_transport.explorer.buffers import experts
from optilab.papers.sparse_optimal_transport.explorer.column import one_column
from optilab.papers.sparse_optimal_transport.explorer.dial import plans
from optilab.papers.sparse_optimal_transport.explorer.walk import ground

__all__ = ["experts", "ground", "one_column", "plans", "recolour"]
