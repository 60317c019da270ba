"""Blocks of tables: organisations, strategies, portfolio, peers, indices, StressTest.

Each is computed from accepted data and named by what goes into it, like figures; nothing here
knows Dagster.
"""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import product
from typing import Final, NamedTuple

import pyarrow as pa

from pipelines import framework, peers, portfolio, stages, stresstest
from pipelines.workspace import Workspace
from s3etl.benchmark.comparison import load_comparison
from s3etl.benchmark.declaration import load_composites
from s3etl.benchmark.index_tables import TABLES as INDEX_TABLES
from s3etl.domains.records import domain_sets, domains_of_records, labels_of
from s3etl.domains.tables import NAICS
from s3etl.errors import Unfit
from s3etl.files import code_version, identity
from s3etl.nuts.convert import convert
from s3etl.nuts.recipes import people_of
from s3etl.organisations.enterprises import Enterprises, enterprises_of
from s3etl.organisations.indicators import REGISTRY, registry_table
from s3etl.organisations.listing import TABLES as ORGANISATION_TABLES
from s3etl.organisations.listing import listed
from s3etl.organisations.method import load_method
from s3etl.organisations.postcodes import installed_postcodes
from s3etl.organisations.quality import load_quality
from s3etl.peers.method import load_method as peers_method
from s3etl.portfolio.method import load_method as portfolio_method
from s3etl.portfolio.shock_vectors import shock_vectors
from s3etl.portfolio.stars_method import load_stars
from s3etl.records import dump
from s3etl.registers.declaration import Register
from s3etl.strategies.resolve import APPLIES, resolved
from s3etl.strategies.tables import PRACTICES, SCHEMES, published
from s3etl.stresstest import questionnaire
from s3etl.stresstest.disclosure import PARTICIPATION, participation
from s3etl.stresstest.method import load_method as stresstest_method
from s3etl.stresstest.tables import TABLES as STRESSTEST
from warehouse.store import Accepted

Tables = dict[str, pa.Table]
NUTS_GEOMETRY, NAICS_NACE = "nuts_geometry", "naics_nace"
PORTFOLIO: Final = portfolio_method()


class Block(NamedTuple):
    """A block.

    Attributes:
        title: What it is.
        holds: Kinds of registers it is computed from; one of them at least must be there.
        needs: Datasets and reference tables it needs.
        uses: Those it uses where they are there.
        tables: Its tables and their columns.
        compute: How they are computed.
        code: Modules whose text is part of its identity; ``package.*`` is all of a package.
        after: Blocks it uses where they are there.
        settings: Declarations that are part of its identity.
        ranked: Whether it uses the figures and ranks of all indicators that have them.
        some_of: Datasets of which one at least must be there; those that are, are used.
    """

    title: str
    holds: tuple[str, ...]
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    tables: Mapping[str, pa.Schema]
    compute: Callable[[Workspace, "Inputs"], Tables]
    code: tuple[str, ...]
    after: tuple[str, ...] = ()
    settings: Callable[[], list[object]] = list
    ranked: bool = False
    some_of: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Return all datasets and reference tables it may use."""
        return (*self.some_of, *self.needs, *self.uses)


class Inputs(NamedTuple):
    """Accepted registers, datasets and reference tables by id; blocks and ranks by identity."""

    registers: dict[str, Accepted]
    tables: dict[str, Accepted]
    blocks: dict[str, str]
    ranked: dict[str, str]


def _organisations(work: Workspace, inputs: Inputs) -> Tables:
    registers = _holding(work, inputs, "organisations")
    decisions = [work.store.observations(r) for r in _holding(work, inputs, "decisions")]
    reference = {
        name: work.store.observations(table)
        for name, table in (
            ("codes", stages.NUTS_CODES),
            ("names", stages.NUTS_NAMES),
            ("matrices", stages.NUTS_MATRICES),
            ("geometry", NUTS_GEOMETRY),
        )
        if table in inputs.tables
    }
    found = listed(
        {r: work.store.observations(r) for r in registers},
        {r: work.catalogue.registers[r].labels for r in registers},
        pa.concat_tables(decisions) if decisions else None,
        load_method(),
        nuts=reference,
        naics=_naics(work, inputs),
        postcodes=installed_postcodes().postcodes,
    )
    told = registry_table(
        found["organisation"],
        found["organisation_domain"],
        load_method(),
        load_quality(),
        as_of=_day(inputs),
        population=people_of(reference["matrices"]),
        enterprises=_enterprises(work, inputs, reference["codes"], reference["matrices"]),
        completeness=found["register_completeness"],
    )
    return found | {"registry_indicator": told}


def _enterprises(
    work: Workspace, inputs: Inputs, codes: pa.Table, matrices: pa.Table
) -> dict[str, Enterprises] | None:
    """Return active enterprises by region; None where no dataset of them is accepted."""
    wanted = [s for s in load_method().enterprises if s.dataset in inputs.tables]
    if not wanted:
        return None
    converted = {}
    for series in wanted:
        declared = work.catalogue.datasets[series.dataset]
        converted[series.dataset] = convert(
            work.store.observations(series.dataset, [series.series]),
            matrices,
            extensive=declared.extensive,
            weight=declared.weight,
        ).observations
    return enterprises_of(converted, wanted, codes)


def _day(inputs: Inputs) -> date:
    """Return the day the registers are of: the newest harvest, else when they were taken."""
    snapshots = [a.snapshot for a in inputs.registers.values()]
    told = [s.source_updated for s in snapshots if s.source_updated]
    return date.fromisoformat(max(told or [s.retrieved_at for s in snapshots])[:10])


def _strategies(work: Workspace, inputs: Inputs) -> Tables:
    registers = _holding(work, inputs, "priorities")
    tables = {r: work.store.observations(r) for r in registers}
    declared = {r: work.catalogue.registers[r] for r in registers}
    columns = ["id", "geo", "title", "period_start", "period_end", "budget", "currency"]
    parts = [
        table.select(columns).append_column("register", pa.array([r] * table.num_rows, pa.string()))
        for r, table in tables.items()
    ]
    priorities = [
        resolved(
            pa.concat_tables(parts),
            _domains(tables, declared, _naics(work, inputs), domain_set),
            {r: register.nuts_version for r, register in declared.items()},
            domain_set=domain_set,
            codes=work.store.observations(stages.NUTS_CODES),
            matrices=work.store.observations(stages.NUTS_MATRICES),
        )
        for domain_set in (domain_sets() if parts else ())
    ]
    return {
        "priority": pa.concat_tables([APPLIES.empty_table(), *priorities]),
        "scheme": _published(work, inputs, "schemes"),
        "practice": _published(work, inputs, "practices"),
    }


def _domains(
    tables: Mapping[str, pa.Table],
    registers: Mapping[str, Register],
    naics: pa.Table | None,
    domain_set: str,
) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """Return the domains of each priority, by register and id."""
    out: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for name, table in tables.items():
        found = domains_of_records(table, registers[name].labels, naics, domain_set).weights
        ids = table.column("id").take(found.column("record")).to_pylist()
        for own, row in zip(ids, found.to_pylist(), strict=True):
            out.setdefault((name, own), []).append((row["domain"], row["weight"]))
    return out


def _published(work: Workspace, inputs: Inputs, holds: str) -> pa.Table:
    registers = _holding(work, inputs, holds)
    return published(
        holds,
        {r: work.store.observations(r) for r in registers},
        {r: work.catalogue.registers[r] for r in registers},
        _naics(work, inputs),
    )


def _naics(work: Workspace, inputs: Inputs) -> pa.Table | None:
    return work.store.observations(NAICS_NACE) if NAICS_NACE in inputs.tables else None


def _participation(work: Workspace, inputs: Inputs) -> Tables:
    answers = [work.store.observations(r) for r in _holding(work, inputs, "answers")]
    return {"participation": participation(pa.concat_tables(answers))}


def _stresstest(work: Workspace, inputs: Inputs) -> Tables:
    registers = (_holding(work, inputs, holds) for holds in ("answers", "evidence"))
    return stresstest.compute(work, inputs.registers, *registers)


def _holding(work: Workspace, inputs: Inputs, holds: str) -> list[str]:
    return sorted(r for r in inputs.registers if work.catalogue.registers[r].holds == holds)


BLOCKS: Final = {
    "organisations": Block(
        "Cluster organisations: placed in regions, told apart, given domains",
        ("organisations", "decisions"),
        (stages.NUTS_CODES, stages.NUTS_NAMES, stages.NUTS_MATRICES),
        (NUTS_GEOMETRY, NAICS_NACE, *(s.dataset for s in load_method().enterprises)),
        ORGANISATION_TABLES | {"registry_indicator": REGISTRY},
        _organisations,
        ("pipelines.blocks", "s3etl.organisations.*", "s3etl.nuts.*", "s3etl.domains.*"),
        settings=lambda: [
            dump(load_method()),
            dump(load_quality()),
            installed_postcodes().postcodes is not None,
        ],
    ),
    "strategies": Block(
        "S3 priorities brought to regions, support schemes and practices",
        ("priorities", "schemes", "practices"),
        (stages.NUTS_CODES, stages.NUTS_MATRICES),
        (NAICS_NACE,),
        {"priority": APPLIES, "scheme": SCHEMES, "practice": PRACTICES},
        _strategies,
        ("pipelines.blocks", "s3etl.strategies.*", "s3etl.domains.*"),
    ),
    "participation": Block(
        "StressTest survey: how many answered, by region, wave and group",
        ("answers",),
        (),
        (),
        {"participation": PARTICIPATION},
        _participation,
        ("s3etl.stresstest.answers", "s3etl.stresstest.disclosure"),
    ),
    "portfolio": Block(
        "Cluster portfolio and its alignment with strategy and organisations",
        (),
        (stages.NUTS_CODES, stages.NUTS_MATRICES),
        (NUTS_GEOMETRY, *PORTFOLIO.size_datasets, PORTFOLIO.cross_check.dataset),
        portfolio.TABLES,
        lambda work, _: portfolio.compute(work),
        (
            *("pipelines.portfolio", "s3etl.portfolio.*", "s3etl.alignment.*"),
            *("s3etl.organisations.*", "s3etl.strategies.*", "s3etl.domains.*"),
            *("s3etl.benchmark.ranks", "s3etl.nuts.*", "s3etl.shocks"),
        ),
        after=("organisations", "strategies"),
        settings=lambda: [
            dump(PORTFOLIO),
            dump(load_stars()),
            dump(load_quality()),
            dump(load_method()),  # which record of an organisation tells its domains
            [dump(vector) for vector in shock_vectors().values()],
        ],
        some_of=PORTFOLIO.datasets,
    ),
    "peers": Block(
        "Reference regions, and the gaps, standing and convergence of every indicator",
        (),
        (stages.NUTS_CODES, stages.NUTS_MATRICES),
        PORTFOLIO.datasets,
        peers.TABLES,
        lambda work, inputs: peers.compute(work, inputs.ranked),
        (
            *("pipelines.peers", "s3etl.peers.*", "s3etl.benchmark.*"),
            *("s3etl.nuts.*", "s3etl.columns", "s3etl.regions"),
        ),
        after=("portfolio",),
        settings=lambda: [dump(peers_method()), dump(load_comparison()), dump(PORTFOLIO)],
        ranked=True,
    ),
    "index": Block(
        "Composite indices of the ranked indicators, with audit, robustness and gaps",
        (),
        (stages.NUTS_CODES,),
        (),
        INDEX_TABLES,
        lambda work, inputs: framework.compute(work, inputs.ranked),
        ("pipelines.framework", "s3etl.benchmark.*"),
        settings=lambda: [dump(composite) for composite in load_composites().values()],
        ranked=True,
    ),
    "stresstest": Block(
        "StressTest: profile, gaps, teachers, perception and statistics, actions, change",
        ("answers", "evidence"),
        (),
        (),
        STRESSTEST,
        _stresstest,
        ("pipelines.stresstest", "s3etl.stresstest.*", "s3etl.peers.*"),
        after=("organisations", "strategies", "portfolio", "peers"),
        settings=lambda: [dump(stresstest_method()), dump(questionnaire.load())],
    ),
}


def after_ranks(block: str) -> bool:
    """Whether a block uses ranks, itself or through a block it comes after."""
    return BLOCKS[block].ranked or any(map(after_ranks, BLOCKS[block].after))


def registers_of(work_registers: Mapping[str, Register], block: str) -> list[Register]:
    """Return the declared registers a block is computed from."""
    return [r for r in work_registers.values() if r.holds in BLOCKS[block].holds]


def inputs_of(work: Workspace, block: str) -> Inputs:
    """Return what is accepted of a block's inputs.

    Raises:
        Unfit: No register of it is accepted, or what it needs is missing.
    """
    declared, tables = BLOCKS[block], {}
    registers = {
        r.id: found
        for r in registers_of(work.catalogue.registers, block)
        if (found := work.store.accepted(r.id)) is not None
    }
    some = any(work.catalogue.registers[r].holds != "decisions" for r in registers)
    if declared.holds and not some:
        raise Unfit(f"{block}: no register of it has accepted data.")
    for table in declared.sources:
        found = work.store.accepted(table)
        if found is not None:
            tables[table] = found
        elif table in declared.needs:
            raise Unfit(f"{block}: {table}, which it is made from, has no accepted data.")
    if declared.some_of and not tables.keys() & set(declared.some_of):
        either = " or ".join(declared.some_of)
        raise Unfit(f"{block}: {either}, one of which it is made from, has no accepted data.")
    before = {b: name for b in declared.after if (name := work.store.block_identity(b))}
    ranked = {}
    if declared.ranked:
        names = {i: stages.ranked_identity(work, i) for i in work.catalogue.computed}
        ranked = {i: name for i, name in names.items() if name is not None}
    return Inputs(registers, tables, before, ranked)


def identity_of(work: Workspace, block: str, inputs: Inputs) -> str:
    """Return the name of a block's tables: declarations, accepted inputs and code."""
    declared = BLOCKS[block]
    settings = declared.settings()
    if block != "participation":
        settings += [
            [dump(chosen.declared), [str(share) for share in chosen.shares]]
            for chosen in domain_sets().values()
        ]
        labels = {work.catalogue.registers[r].labels for r in inputs.registers} - {None, NAICS}
        settings += [
            [str(share) for share in labels_of(name, chosen).shares]
            for name, chosen in product(sorted(filter(None, labels)), domain_sets())
        ]
    return identity(
        "block",
        block,
        {r: a.identity for r, a in inputs.registers.items()},
        {r: dump(work.catalogue.registers[r]) for r in inputs.registers},
        {t: a.identity for t, a in inputs.tables.items()},
        inputs.blocks,
        *([inputs.ranked, dump(work.catalogue.method)] if declared.ranked else []),
        settings,
        code_version(*declared.code),
    )


def compute(work: Workspace, block: str) -> stages.Done:
    """Compute a block from accepted registers.

    Raises:
        Unfit: It has no accepted input.
    """
    inputs = inputs_of(work, block)
    name = identity_of(work, block, inputs)
    new = not work.store.has_block(block, name)
    if new:
        work.store.put_block(block, name, BLOCKS[block].compute(work, inputs))
    first = next(iter(BLOCKS[block].tables))
    return stages.Done(name, new=new, rows=work.store.block(block)[first].num_rows)


def absent(work: Workspace, block: str) -> list[str]:
    """Return the datasets of ``some_of`` that no row of the block's tables is made from."""
    declared = BLOCKS[block]
    if not declared.some_of:
        return []
    first = work.store.block(block)[next(iter(declared.tables))]
    there = set(first.column("source_dataset").unique().to_pylist())
    return [name for name in declared.some_of if name not in there]


def has_work(work: Workspace, block: str) -> bool:
    """Whether a block has to be computed anew; False if it cannot be."""
    try:
        inputs = inputs_of(work, block)
    except Unfit:
        return False
    if any(has_work(work, before) for before in BLOCKS[block].after):
        return True
    return work.store.block_identity(block) != identity_of(work, block, inputs)
