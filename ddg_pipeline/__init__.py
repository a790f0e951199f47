"""Take a department's source tables to its open data portal without telling anyone's secret.

`DdgReleases` is the Dagster component; it stands here because Dagster's tools look for it in this module, and is
imported when somebody asks for it. What else a Dagster project can use is in `ddg_pipeline.dagster`.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_COMPONENTS = {"DdgReleases": "ddg_pipeline.components.releases"}


def __getattr__(name: str) -> Any:
    if name in _COMPONENTS:
        return getattr(import_module(_COMPONENTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_COMPONENTS})
