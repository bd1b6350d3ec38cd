"""SPL for Splunk: the Sigma rule through pySigma's backend, with lists marked as Splunk's JSON extraction marks them.

Sources: https://sigmahq.io/docs/digging-deeper/backends.html and
https://docs.splunk.com/Documentation/AddOns/released/AWS/DataTypes (`aws:cloudtrail`, the record's own names).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.exports import Export, MissingExtraError, NotExpressibleError
from exclave.exports.sigma import of as sigma_of

if TYPE_CHECKING:
    from exclave.exports.places import Place
    from exclave.exports.rule import Rule

_LOOKUP = "[| inputlookup {id} | rename account AS {field} | fields {field}]"
_SOURCETYPES = {"cloudtrail": 'sourcetype="aws:cloudtrail"', "s3-access": 'sourcetype="aws:s3:accesslogs"'}


def of(rule: Rule) -> Export:
    """The entry's searches, one for each log.

    Raises:
        NotExpressibleError: no record shows it by itself, or the backend can't say it.
        MissingExtraError: pySigma or its backend for Splunk isn't installed.
    """
    sigma = sigma_of(rule)
    return Export(rules=tuple(_search(rule, text) for text in sigma.rules), lost=sigma.lost)


def _search(rule: Rule, text: str) -> str:
    try:
        from sigma.backends.splunk.splunk import SplunkBackend
        from sigma.collection import SigmaCollection
        from sigma.exceptions import SigmaError
        from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
        from sigma.processing.transformations import (
            FieldMappingTransformation,
            QueryExpressionPlaceholderTransformation,
        )
    except ImportError as error:
        raise MissingExtraError('SPL needs libraries: pip install "exclave[sigma]"') from error
    pipeline = ProcessingPipeline(
        items=[
            # A lookup of that name, with a column `account`, takes the place of the list of accounts.
            ProcessingItem(transformation=QueryExpressionPlaceholderTransformation(expression=_LOOKUP)),
            ProcessingItem(transformation=FieldMappingTransformation(_fields(rule))),
        ]
    )
    try:
        (search,) = SplunkBackend(processing_pipeline=pipeline).convert(SigmaCollection.from_yaml(text))
    except SigmaError as error:
        raise NotExpressibleError(f"the backend for Splunk can't say it: {error}") from error
    log = next((c.log for c in rule.clauses if c.log in _SOURCETYPES), "")
    search = str(search).strip()
    if log:
        return f"{_SOURCETYPES[log]} {search}"
    return f"* {search}" if search.startswith("|") else search  # a pipe needs something before it


def _fields(rule: Rule) -> dict[str | None, str | list[str]]:
    """Sigma's field → Splunk's: `items.userId` → `items{}.userId`; several, where a list and one object both occur."""
    tests = [t for c in rule.clauses for t in (*c.tests, *c.presence)]
    out: dict[str, list[str]] = {}
    for place in dict.fromkeys(p for t in tests for p in t.places):
        spellings = out.setdefault(".".join(place.names), [])
        if _marked(place) not in spellings:
            spellings.append(_marked(place))
    return {k: v if len(v) > 1 else v[0] for k, v in out.items() if v != [k]}


def _marked(place: Place) -> str:
    return "".join("{}" if k == "[]" else f".{k}" for k in place.keys).removeprefix(".")
