"""Cluster organisations: in which region they sit (block C, methodology 4.1).

Pure functions of tables; the files of a registry come through ``sources``, and nothing of an
alignment with a strategy is computed here.
"""
