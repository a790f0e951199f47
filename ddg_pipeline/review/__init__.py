"""Step 5 of the guideline: what reviewers read and decide (DDG 2.0 §4.5, §6, §14.2)."""
