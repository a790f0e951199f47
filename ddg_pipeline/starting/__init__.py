"""``ddg init``: a project to begin with, of made-up figures or of one's own table.

What it writes stands as files in `templates`, as people will read them; only what depends on the table is put
together in Python.
"""

from ddg_pipeline.starting.example_project import example_project
from ddg_pipeline.starting.writing import Written, write_project

__all__ = ["Written", "example_project", "write_project"]
