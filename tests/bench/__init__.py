"""The figures of docs/benchmarks.md: `python -m tests.bench [NAME...] [--write]`. Nothing here passes or fails."""
