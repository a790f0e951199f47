"""Steps 1 to 3 of the guideline: what a table shows, whether a cell is small, and how risky the table is.

`assess` judges the true aggregate and returns one `Assessment`, which holds no figure of a restricted measure and can
be shown to everyone who may see metadata.
"""

from ddg_pipeline.assessment.assess import assess
from ddg_pipeline.assessment.explain import Explanation, explain
from ddg_pipeline.assessment.general_notes import declares_a_place
from ddg_pipeline.assessment.identifiers import find_direct_identifiers, refuse_direct_identifiers
from ddg_pipeline.assessment.personal_characteristics import tells_about_people
from ddg_pipeline.assessment.reliability import unstable_rows
from ddg_pipeline.assessment.report import counts_markdown, notes_markdown, score_markdown, steps_markdown
from ddg_pipeline.assessment.result import Assessment, Counts, Note, Score, Step, Term

__all__ = [
    "Assessment",
    "Counts",
    "Explanation",
    "Note",
    "Score",
    "Step",
    "Term",
    "assess",
    "counts_markdown",
    "declares_a_place",
    "explain",
    "find_direct_identifiers",
    "notes_markdown",
    "refuse_direct_identifiers",
    "score_markdown",
    "steps_markdown",
    "tells_about_people",
    "unstable_rows",
]
