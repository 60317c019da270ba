"""Hashes, write-then-rename and pointers: the only way this project puts anything on disk.

A directory or file appears whole or not at all, and a pointer is replaced in one step, so a
run killed at any moment leaves nothing half-written. What the files mean is not known here.
"""

import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def identity(*parts: object) -> str:
    """Return the SHA-256 of ``parts`` written as canonical JSON: the name of a derived thing."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def code_version(*modules: str) -> str:
    """Return a hash over the source text of ``modules``, without importing them.

    It is part of the identity of everything computed, so that a changed parser or measure can
    never look unchanged downstream.

    Args:
        modules: Names; ``package.*`` is every module of a package, so that a new one counts.
    """
    texts = []
    for module in modules:
        name = module.removesuffix(".*")
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        file = Path(spec.origin)
        every = [file] if name == module else sorted(file.parent.glob("*.py"))
        texts += [[name, f.name, hashlib.sha256(f.read_bytes()).hexdigest()] for f in every]
    return identity(texts)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that gets its name, on disk, when the block ends without error.

    Readers see the old file or the new one, never a part; of a block that fails nothing stays.
    Who may read it is what the umask says, as of any file: others are sent reports. What they may
    not see lies in folders that are closed.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``: readers see the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(data)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as readable JSON, in one step."""
    write_atomic(path, json.dumps(value, indent=1, sort_keys=True, default=str).encode() + b"\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text())


@contextmanager
def new_directory(final: Path) -> Iterator[Path]:
    """Yield a temporary directory that becomes ``final`` when the block ends without error.

    If ``final`` already exists, the temporary one is dropped: names are content hashes, so
    what is there is the same.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=final.parent, prefix=".new-"))
    try:
        yield temporary
        for file in temporary.iterdir():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        try:
            temporary.rename(final)
        except OSError:
            if not final.is_dir():
                raise
            shutil.rmtree(temporary)  # it was there already, or another run was quicker
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def point(pointer: Path, name: str) -> None:
    """Make ``pointer`` name ``name``, in one step."""
    write_atomic(pointer, name.encode() + b"\n")


def pointed(pointer: Path) -> str | None:
    """Return the name ``pointer`` holds, or None if there is none yet."""
    try:
        return pointer.read_text().strip() or None
    except FileNotFoundError:
        return None
