"""Reading one YAML declaration strictly: YAML 1.2, no duplicate keys, no anchors, no surprises.

Knows nothing about what is declared; the models live in :mod:`s3etl.catalogue`.
"""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from s3etl.errors import CatalogueError


class Declaration(BaseModel):
    """Base of every declaration: frozen, unknown keys are errors, the file name is the id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str


D = TypeVar("D", bound=Declaration)


def _yaml(path: Path) -> Any:
    # ruamel reads YAML 1.2, where NO is Norway and not false, and refuses duplicate keys.
    from ruamel.yaml import YAML  # noqa: PLC0415  (costs 50 ms: only when reading)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415
    from ruamel.yaml.tokens import AliasToken, AnchorToken  # noqa: PLC0415

    yaml = YAML(typ="safe", pure=True)
    text = path.read_text(encoding="utf-8")
    try:
        if "&" in text or "*" in text:
            for token in yaml.scan(text):
                if isinstance(token, AnchorToken | AliasToken):
                    line = token.start_mark.line + 1
                    raise CatalogueError(f"{path}: line {line}: anchors and aliases are not used.")
        return yaml.load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CatalogueError(f"{path}: {where}{problem}.") from None


def read_declaration(path: Path, model: type[D]) -> D:
    """Read one declaration.

    Args:
        path: A YAML file; its stem becomes the ``id``.
        model: The declaration model to read it as.

    Raises:
        CatalogueError: The file is not valid; the message names file and field.
    """
    content = _yaml(path)
    if not isinstance(content, dict):
        raise CatalogueError(
            f"{path}: expected a mapping of fields, found {type(content).__name__}."
        )
    if "id" in content:
        raise CatalogueError(f"{path}: field id: the file name is the id, remove this field.")
    try:
        return model.model_validate({**content, "id": path.stem})
    except CatalogueError as error:
        raise CatalogueError(f"{path}: {error}") from None
    except ValidationError as error:
        # A misspelt field is the cause, the field then missing only its effect.
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        field = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        problem = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            problem = "there is no such field"
        raise CatalogueError(f"{path}: field {field}: {problem}.") from None


def read_folder(folder: Path, model: type[D]) -> dict[str, D]:
    """Read every ``*.yaml`` of a folder, in name order, keyed by id."""
    return {path.stem: read_declaration(path, model) for path in sorted(folder.glob("*.yaml"))}
