"""What the workbook tells the people who fill it: how to, and what happens with the data.

Only words; where they stand is for the writer of the workbook.
"""

from s3etl.stresstest.questionnaire import load


def how_to(groups: str) -> dict[str, list[str]]:
    """Return the instructions by heading.

    Args:
        groups: Letters of the groups that are surveyed.
    """
    names = load().group_names
    return {
        "What this is for": [
            (
                "The StressTest compares how regions use clusters for their smart "
                "specialisation strategy (S3), so that they learn from one another: where the "
                "region stands, how far it is from its peers, and who to learn from."
            ),
            load().statement,
        ],
        "How to fill it": [
            (
                "1. Respondents: choose the group of each respondent. R1, R2, … are enough; an "
                "own code is useful if the same respondents may answer again in this wave."
            ),
            (
                "2. Answers: one column for each respondent, one answer for each statement. "
                "Only statements that are asked of the group; the others turn grey."
            ),
            "3. Not applicable: one line for each NA, with the reason.",
            (
                "4. Evidence: public documents that show what was answered, with grade, title, "
                "date and link. Without a document of grade 2 or more, answers to statements "
                "that need evidence count as 2 at most."
            ),
            (
                "5. Save the workbook as .xlsx and send it back. Please keep headings and "
                "sheets as they are, and paste values only: formulas and merged cells cannot be "
                "read."
            ),
        ],
        "Scale": [
            *(f"{level.value}  {level.label}" for level in load().scale),
            *(
                f"{state.code}  {state.label}" + (" (one line why)" if state.reason else "")
                for state in load().states
            ),
            "An empty cell means not answered; it is never counted as 0.",
        ],
        "Groups": [f"{letter}  {names[letter]}" for letter in groups],
        "Grades of evidence": [f"{grade.value}  {grade.label}" for grade in load().grades],
    }


def about_the_data() -> dict[str, list[str]]:
    """Return what happens with the data, by heading."""
    return {
        "What happens with your data": [
            (
                "Please write no names and no e-mail addresses. When the workbook is read, R1, "
                "R2, … and own codes are replaced by pseudonyms that cannot be traced back "
                "without a key."
            ),
            (
                "The workbook itself, with everything written as free text, stays in a closed "
                "store; no published page, table or log can read it."
            ),
            (
                "Published are results of the region and of groups of three or more "
                "respondents; smaller groups are shown only together with others. Of evidence, "
                "title, date, link and grade are published."
            ),
        ],
    }
