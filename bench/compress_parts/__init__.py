"""Parts of the benchmarks of compression."""
