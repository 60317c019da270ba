"""The StressTest of S3 through clusters: questionnaire, answers and what may be shown of them.

Only shapes and rules; files are read in :mod:`sources.survey`, nothing is published from here.
"""
