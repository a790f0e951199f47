"""Dagster: everything between a source table and the portal as assets, checks, jobs and schedules.

* `project` reads ``ddg.yaml``: where a project keeps its sources, dbt project, suites and stores;
* `source_assets`, `dbt_models`, `release_assets` make the assets, `schedules` the jobs and schedules;
* `model_columns`, `column_lineage`, `release_pages`, `check_pages`, `tags` say what stands beside them in the UI;
* `definitions` is the code location that ``workspace.yaml`` loads;
* `running` runs everything without a server.
"""
