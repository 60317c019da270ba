"""When things are done without anyone asking: one look a few times a day, conditions downstream.

A dataset is taken when the look shows a new version, judged when it was taken, and indicators
follow what was accepted. It stops at the candidate: a person or a calendar publishes.
"""

from typing import Final

import dagster as dg

LOOK_AT: Final = "30 11,23 * * *"
"""Eurostat publishes at 11:00 and 23:00 in Luxembourg."""
TIME_ZONE: Final = "Europe/Luxembourg"

_condition = dg.AutomationCondition

WHEN_NEW: Final = _condition.eager().with_label("when its source has a new version")
"""For snapshots: the observed version changed."""

WHEN_ACCEPTED: Final = (
    _condition.eager() & _condition.all_deps_blocking_checks_passed()
).with_label("when what it is made from is new and accepted")
"""For everything made from judged data; ``eager`` alone would go on after a refusal."""

WHEN_ANY: Final = (
    _condition.any_deps_updated().since_last_handled()
    & ~_condition.any_deps_in_progress()
    & ~_condition.in_progress()
).with_label("when anything in it is new")
"""For the candidate: an indicator without data does not hold the others back."""


def look_schedule(job: str) -> dg.ScheduleDefinition:
    """Return the schedule that asks the provider what is new; it is off until switched on."""
    return dg.ScheduleDefinition(
        name="look_what_is_new", job_name=job, cron_schedule=LOOK_AT, execution_timezone=TIME_ZONE
    )
