"""S3 here means *smart specialisation strategy*: indicators of regions, S3 and clusters.

The subject itself: what an indicator is and how it is computed. No network, no SQL, no
Great Expectations and no Dagster in this package.
"""
