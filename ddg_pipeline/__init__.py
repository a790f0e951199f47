"""Take a department's source tables to its open data portal without telling anyone's secret."""

__version__ = "0.1.0"
