"""Plans under a dial, one column, the ground that solvers walk on, experts with full buffers, a new palette."""

from optilab.papers.sparse_optimal_transport.explorer.experts import experts
from optilab.papers.sparse_optimal_transport.explorer.ground import ground
from optilab.papers.sparse_optimal_transport.explorer.one_column import one_column
from optilab.papers.sparse_optimal_transport.explorer.plans import plans
from optilab.papers.sparse_optimal_transport.explorer.recolour import recolour
