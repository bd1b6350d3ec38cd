"""Controls that are missing → artefacts for review, and the changes that put them in place."""
