"""``ddg doctor``: is everything that the pipeline needs here, and well? It reads, and changes nothing.

What could not be checked is a problem. No value of an environment variable, and no figure, is told.
"""

from ddg_pipeline.doctor.checks import examine
from ddg_pipeline.doctor.finding import Finding

__all__ = ["Finding", "examine"]
