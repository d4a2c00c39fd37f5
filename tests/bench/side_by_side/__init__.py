"""The parts of side-by-side.py, one file a question."""
