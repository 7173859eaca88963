"""What a course stands on: the checks of assignments, and grading that survives what students hand in."""
