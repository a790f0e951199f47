"""Words by which people say what of a project a code location has, and what of it is on."""

from typing import Literal

Elsewhere = Literal["dbt", "sources"]  # what something else in the code location makes
Status = Literal["stopped", "running", "none"]  # of schedules and sensors: until someone turns them on, at once, never
