"""Registers: lists of organisations, priorities, schemes, practices and answers, not statistics.

What a record of each kind has (methodology 4.1), how a register is declared, and where its
regions are. No reading of files and no judging here.
"""
