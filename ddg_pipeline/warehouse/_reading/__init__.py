"""One module a kind of source: each offers its columns, and its rows in chunks that DuckDB can select from."""
