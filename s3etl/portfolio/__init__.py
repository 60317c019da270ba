"""Block B of the methodology: where regions are specialised, how surely, and how it hangs together.

No strategies and no cluster organisations: what they have to do with it is alignment (block C).
"""
