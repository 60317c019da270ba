"""The judge: may this data be used?

Turns declarations and suites into one verdict. Fetches nothing, repairs nothing, stores nothing.
"""
