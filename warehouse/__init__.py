"""The archive: what we have accepted, what we computed and what we said in public.

No formulas, no fetching and no opinions about quality here; only this room speaks SQL.
"""
