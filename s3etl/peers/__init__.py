"""Reference regions: whom a region may fairly be compared with (methodology 7).

Arrays in, arrays out, with a thin layer that makes them of figures and portfolio and back into
tables. No score of performance goes in: peers are alike in structure, not in success.
"""

from s3etl.peers.references import References, reference_regions

__all__ = ["References", "reference_regions"]
