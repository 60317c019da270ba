"""The values the rooms pass to one another: snapshots, verdicts, what a run left out.

Plain frozen records with no behaviour beyond reading themselves; tables live elsewhere.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Origin = Literal["provider", "sample"]
"""Where bytes come from: a statistical provider, or the synthetic sample world."""

Severity = Literal["critical", "warning"]


class Record(BaseModel):
    """Base of the frozen records."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Snapshot(Record):
    """Bytes as a provider gave them, kept for ever under the name of their own hash.

    Attributes:
        dataset: Id of the declared dataset.
        sha256: Hash of the bytes, and their name in the store.
        origin: Provider or sample.
        name: File name under which the provider or folder had them.
        retrieved_from: Address or folder they were read from.
        retrieved_at: UTC time of retrieval, ISO 8601.
        source_updated: The provider's own last-update text, if the bytes carry one.
        size: Number of bytes.
        dropped: Columns with data on persons that were dropped before anything was kept.
        original_sha256: Hash of the file as it came, where that is not what is kept.
    """

    dataset: str
    sha256: str
    origin: Origin
    name: str
    retrieved_from: str
    retrieved_at: str
    source_updated: str | None
    size: int
    dropped: tuple[str, ...] = ()
    original_sha256: str | None = None


class Judgement(Record):
    """The outcome of one expectation over one batch.

    Attributes:
        expectation: GX type of the expectation.
        about: Column or columns judged.
        scope: Whether single rows or the table as a whole are judged.
        severity: ``critical`` sets rows aside or refuses the batch; ``warning`` is counted.
        why: The reason the expectation exists.
        passed: Whether it held.
        unexpected: Number of rows that broke it (1 for a table-wide failure).
        examples: A few offending rows, printed for people.
    """

    expectation: str
    about: str
    scope: Literal["row", "table"]
    severity: Severity
    why: str
    passed: bool
    unexpected: int
    examples: tuple[str, ...] = ()


class Verdict(Record):
    """May this batch be used? One answer with its reasons.

    Attributes:
        dataset: Id of the dataset.
        snapshot: Hash of the bytes judged.
        accepted: The answer.
        rows: Rows judged.
        quarantined: Rows set aside; the others are used.
        judgements: Every expectation with its outcome.
        reason: One sentence saying why the batch was refused, else empty.
    """

    dataset: str
    snapshot: str
    accepted: bool
    rows: int
    quarantined: int
    judgements: tuple[Judgement, ...]
    reason: str = ""

    @property
    def warnings(self) -> int:
        """Number of rows that broke a warning-level expectation."""
        return sum(
            j.unexpected for j in self.judgements if j.severity == "warning" and not j.passed
        )


class LeftOut(Record):
    """Something a run or release does without, and why.

    Attributes:
        stage: ``snapshot``, ``verdict``, ``figures`` or ``release``.
        subject: Id of the dataset or indicator.
        reason: One sentence.
    """

    stage: Literal["snapshot", "verdict", "figures", "release"]
    subject: str
    reason: str


def dump(record: BaseModel) -> dict[str, Any]:
    """Return a record as plain values, ready for JSON."""
    return record.model_dump(mode="json")
