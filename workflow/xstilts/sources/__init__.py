"""Readers of the benchmarks' file formats: they stream, change nothing, and name file and line of what is wrong."""
