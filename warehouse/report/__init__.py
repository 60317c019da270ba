"""Printable reports made from published tables: one self-contained HTML file each.

Words, charts and pages; nothing is computed that the tables do not say, nothing is fetched.
"""
