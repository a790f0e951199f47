"""DuckDB and the file system: the restricted store, the public store, and how source tables get into the first.

* :mod:`~ddg_pipeline.warehouse.sources` reads ``sources.yaml``, the declaration of what is loaded;
* :mod:`~ddg_pipeline.warehouse.loading` loads one declared source;
* :mod:`~ddg_pipeline.warehouse.restricted` keeps what nobody outside may see;
* :mod:`~ddg_pipeline.warehouse.public` keeps what has been released, and nothing else.

Importing these modules is cheap; DuckDB, Arrow and SQLAlchemy are loaded by the functions that use them.
"""
