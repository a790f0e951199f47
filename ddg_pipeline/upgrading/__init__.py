"""``ddg upgrade``: bring contracts and rulebooks to the format that this version reads, and show what changes.

There is one format so far, so that no document has to be rewritten for it. What is brought up to date is where dbt
wants contracts to stand: under ``config.meta`` of models and columns, and no longer under ``meta`` beside it.
"""

from ddg_pipeline.upgrading.files import Upgrade, upgrades_of, write_upgrades

__all__ = ["Upgrade", "upgrades_of", "write_upgrades"]
