"""Step 5 of the guideline: what reviewers read, and their approval before a release is published (DDG 2.0 §4.5)."""
