"""How far the respondents of a region agree (Tastle & Wierman 2007; methodology 2.4-7).

Arrays in, one number out; whether it is shown is decided elsewhere.
"""

import numpy as np

from s3etl.stresstest.survey import Floats, Ints


def balanced_shares(levels: Ints) -> Floats:
    """Return the share of each level where groups count equally.

    Args:
        levels: … × G × L, number of answers by group and level.

    Returns:
        … × L; NaN where nobody answered.
    """
    size = levels.sum(axis=-1, keepdims=True)
    own = np.divide(levels, size, out=np.zeros(levels.shape), where=size > 0)
    groups = (size > 0).sum(axis=-2)
    total = own.sum(axis=-2)
    out = np.full(total.shape, np.nan)
    np.divide(total, groups, out=out, where=groups > 0)
    return out


def consensus(shares: Floats) -> Floats:
    """Return Cns = 1 + Σ p_k log2(1 - |k - μ| / (L - 1)).

    Args:
        shares: … × L, share of each level, summing to 1.

    Returns:
        …, 1 for unanimity, 0 for half at each end.
    """
    levels = np.arange(shares.shape[-1])
    mean = (shares * levels).sum(axis=-1, keepdims=True)
    near = 1 - np.abs(levels - mean) / (len(levels) - 1)
    # A level nobody chose may lie a whole scale away; it adds nothing.
    logs = np.log2(np.where(shares > 0, near, 1.0))
    return np.asarray(np.clip(1 + (shares * logs).sum(axis=-1), 0, 1))
