"""Errors that a user can mend.

Every one of them is a single line saying what is wrong, where, and how to mend it. The command line prints that
line without a traceback and exits with status 2; any other exception is a defect of xstilts and keeps its traceback.
"""


class XstiltsError(Exception):
    """Base of all errors caused by a study file, a data file, a checkpoint or the machine."""


class ConfigError(XstiltsError):
    """A study file says something that is not allowed."""


class DataError(XstiltsError):
    """A data file is missing, truncated, malformed or holds an unknown label."""


class CheckpointError(XstiltsError):
    """A checkpoint is missing, incomplete or its bytes are not the ones its manifest names."""
