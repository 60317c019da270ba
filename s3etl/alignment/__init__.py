"""Whether strategy, economy and cluster organisations point the same way (block C, 4.3).

Vectors over domains in, figures out: how priorities, jobs and organisations get their domains is
said in ``domains``, ``strategies`` and ``organisations``.
"""

from s3etl.alignment.cells import ASPIRATIONS, CELLS, CellMap, cell_map
from s3etl.alignment.chance import Corrected, chance_correction
from s3etl.alignment.index import (
    PAIRS,
    VECTORS,
    Alignment,
    SetAlignment,
    alignment_index,
    effective_priorities,
    set_alignment,
)

__all__ = [
    "ASPIRATIONS",
    "CELLS",
    "PAIRS",
    "VECTORS",
    "Alignment",
    "CellMap",
    "Corrected",
    "SetAlignment",
    "alignment_index",
    "cell_map",
    "chance_correction",
    "effective_priorities",
    "set_alignment",
]
