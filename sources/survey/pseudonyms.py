"""Respondents' pseudonyms: a keyed hash of who answered, and the key it is made with.

Nobody's identity is kept, written or logged here; without the key a pseudonym says nothing.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from s3etl.errors import Refused

KEY_BYTES: Final = 32
DIGITS: Final = 16
SAMPLE_KEY: Final = b"the sample world has no persons\n"
"""Key for invented answers only; nobody answered them, and every machine makes the same."""


def key(path: Path) -> bytes:
    """Return the key kept in a file; a new random one is made if there is none.

    The file is readable by its owner only and appears whole: of two runs that make it at the
    same time one wins, and both use that one's. Whoever loses the key can no longer tell that
    a later file is by the same respondents; whoever gives it away gives the pseudonyms away.

    Raises:
        Refused: The file is there and is no such key.
    """
    if not path.exists():
        _create(path)
    found = path.read_bytes()
    if len(found) != KEY_BYTES:
        raise Refused(
            f"{path.name}: expected a key of {KEY_BYTES} bytes, found {len(found)}; put the "
            "right file back, or move this one away to begin with a new key."
        )
    return found


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another run was quicker
            os.link(temporary, path)  # never replaces a key that is there
    finally:
        temporary.unlink(missing_ok=True)


def pseudonym(secret: bytes, region: str, wave: int, identity: str) -> str:
    """Return the pseudonym of a respondent: 16 hexadecimal digits of an HMAC-SHA256.

    The same person has other pseudonyms in other regions and waves, so that nobody can be
    followed from one to the next (methodology 2.4-10).

    Args:
        secret: The key.
        region: Region code.
        wave: Year of the wave.
        identity: Own code, token or number of the respondent; never stored.
    """
    message = "\x1f".join((region, str(wave), identity)).encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:DIGITS]
