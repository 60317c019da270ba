"""The clock and the front door: when things run, and what a person types.

The only room that knows Dagster. It decides *when*; it never decides *what is true*.
"""
