"""The Dagster component, which anyone's Dagster project can have, and what `dg scaffold` writes for it."""
