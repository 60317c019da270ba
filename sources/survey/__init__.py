"""The StressTest survey: the workbook people fill, and intake of what comes back.

Answers become pseudonymous at this door; no score is computed and nothing is stored here.
"""

from sources.survey.pseudonyms import SAMPLE_KEY, key
from sources.survey.reading import Problem, Read, check, read_answers
from sources.survey.template import write_template

__all__ = ["SAMPLE_KEY", "Problem", "Read", "check", "key", "read_answers", "write_template"]
