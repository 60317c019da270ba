"""Smart specialisation strategies: which priorities apply to which region, and who is alike.

Registers of priorities, schemes and practices come from :mod:`s3etl.registers`; how well a
strategy fits economy and organisations is not told here.
"""
