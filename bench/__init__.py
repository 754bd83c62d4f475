"""Benchmarks: `make bench`. Each prints `name value unit` and the ratio to its baseline in the same run."""
