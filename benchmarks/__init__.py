"""Quality and speed of masking, measured beside its peers; see ``docs/explanation/benchmarks.md``."""
