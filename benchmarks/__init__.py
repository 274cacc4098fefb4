"""Benchmark programs, run by hand: ``python -m benchmarks``."""
