"""The StressTest's tables from accepted answers, wave by wave.

Calls the parts in order and knows no formula; reading and publishing are elsewhere.
"""

import numpy as np
import pyarrow as pa

from s3etl.stresstest.actions import action_table
from s3etl.stresstest.assessment import Assessment, assess
from s3etl.stresstest.beside import Beside
from s3etl.stresstest.gap_table import gap_table
from s3etl.stresstest.item_tables import group_table, item_table
from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.questionnaire import Questionnaire
from s3etl.stresstest.score_tables import dimension_table, direction_table
from s3etl.stresstest.survey import plan_of, survey_of
from s3etl.stresstest.tables import TABLES
from s3etl.stresstest.teacher_table import teacher_table
from s3etl.stresstest.twin_table import twin_table
from s3etl.stresstest.waves import change_table


def assessed(
    answers: pa.Table,
    evidence: pa.Table,
    questionnaire: Questionnaire,
    method: StressTestMethod,
    beside: Beside,
) -> list[Assessment]:
    """Assess every wave, in order of years.

    Args:
        answers: Table of ``s3etl.stresstest.answers.ANSWERS``.
        evidence: Table of ``s3etl.stresstest.answers.EVIDENCE``.
        questionnaire: What answers are scored as.
        method: The choices.
        beside: What other blocks say.
    """
    survey, plan = survey_of(answers, evidence, questionnaire, method), plan_of(questionnaire)
    return [
        assess(survey.only(survey.wave == wave), plan, method, beside.structure)
        for wave in np.unique(survey.wave)
    ]


def stresstest_tables(
    answers: pa.Table,
    evidence: pa.Table,
    questionnaire: Questionnaire,
    method: StressTestMethod,
    beside: Beside,
) -> dict[str, pa.Table]:
    """Return every table of ``s3etl.stresstest.tables.TABLES``.

    Args:
        answers: Table of ``s3etl.stresstest.answers.ANSWERS``.
        evidence: Table of ``s3etl.stresstest.answers.EVIDENCE``.
        questionnaire: What answers are scored as.
        method: The choices.
        beside: What other blocks say.
    """
    waves = assessed(answers, evidence, questionnaire, method, beside)
    out = {name: [schema.empty_table()] for name, schema in TABLES.items()}
    for of in waves:
        out["stresstest_item"].append(item_table(of, questionnaire))
        out["stresstest_dimension"].append(dimension_table(of, questionnaire))
        out["stresstest_direction"].append(direction_table(of))
        out["stresstest_group"].append(group_table(of, questionnaire))
        out["stresstest_gap"].append(gap_table(of, questionnaire))
        out["stresstest_teacher"].append(teacher_table(of, questionnaire, beside))
        out["stresstest_twin"].append(twin_table(of, questionnaire, beside))
        out["stresstest_action"].append(action_table(of, questionnaire, beside))
    out["stresstest_change"].append(change_table(waves, questionnaire))
    return {name: pa.concat_tables(parts) for name, parts in out.items()}
