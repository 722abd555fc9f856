"""Snakemake that asks for the status of its jobs every second.

For tests only: the SLURM plugin waits longer after every poll and has no option for it.
"""

import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

RemoteExecutor.next_seconds_between_status_checks = property(lambda self: 1.0, lambda self, value: None)

if __name__ == "__main__":
    sys.exit(main())
