"""Domains: what strategies, economies and cluster organisations are compared by.

A set of domains, its table from NACE divisions, and tables of labels are declarations here;
no data and no indicators: those are computed elsewhere from the weights given here.
"""

from s3etl.domains.assign import Assigned, domains_of, domains_of_divisions
from s3etl.domains.declared import LABELS, SETS, DomainSet, LabelTable, load_labels, load_set
from s3etl.domains.projection import Concordance, concordance, employment_by_domain

__all__ = [
    "LABELS",
    "SETS",
    "Assigned",
    "Concordance",
    "DomainSet",
    "LabelTable",
    "concordance",
    "domains_of",
    "domains_of_divisions",
    "employment_by_domain",
    "load_labels",
    "load_set",
]
