"""The first two stages: recording which raw files a study reads, and turning them into Arrow tables."""
