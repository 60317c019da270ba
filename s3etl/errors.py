"""The six ways things go wrong, each knowing whether trying again helps.

A message is one sentence that names the thing and the next step; the command line prints it
without a traceback. Nothing else belongs here: no logging, no retry loops.
"""

from pathlib import Path
from typing import ClassVar


class S3etlError(Exception):
    """Base of every error this project raises on purpose."""

    retryable: ClassVar[bool] = False


class CatalogueError(S3etlError):
    """A declaration is wrong: file and field are named."""


class Unreachable(S3etlError):
    """The provider could not be reached or is not ready; trying again later may help."""

    retryable: ClassVar[bool] = True


class Refused(S3etlError):
    """The provider does not have what was asked for: the request is wrong."""


class Changed(S3etlError):
    """The answer broke the contract; its bytes are kept for study and never made current.

    Attributes:
        body: File with an answer that is not kept yet, if there is one.
    """

    body: Path | None = None


class Unfit(S3etlError):
    """The verdict refused the batch; what was accepted before stays in place."""


class Conflict(S3etlError):
    """Publishing would contradict what is already there."""
