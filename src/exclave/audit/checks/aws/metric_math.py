"""CloudWatch's metric math: what an expression is worth at one moment, None where it has no value then.

Arithmetic has no value where one of its parts has none; an aggregate of several metrics leaves those out.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_LENGTH = 1024
MAX_DEPTH = 10  # expressions of expressions: an alarm may have ten queries
_ARITHMETIC: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_ONE: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_SEVERAL: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum, "MAX": max, "MIN": min, "AVG": lambda found: math.fsum(found) / len(found),
}  # fmt: skip


class BadExpressionError(ValueError):
    """An expression that can't be followed."""


def value(
    wanted: str,
    expressions: Mapping[str, str],
    now: Mapping[str, float | None],
    before: Mapping[str, float | None],
) -> float | None:
    """What the query `wanted` is worth.

    Args:
        wanted: id of a metric, or of an expression.
        expressions: id → text.
        now: id of each metric → its value.
        before: the same of the moment before, which `FILL(x, REPEAT)` repeats.

    Raises:
        BadExpressionError: an expression can't be followed.
    """
    try:
        return _Moment(expressions, now, before).named(wanted, 0)
    except RecursionError as error:
        raise BadExpressionError("it is nested too deep") from error


class _Moment:
    def __init__(
        self,
        expressions: Mapping[str, str],
        now: Mapping[str, float | None],
        before: Mapping[str, float | None],
    ) -> None:
        self._expressions, self._now, self._before = expressions, now, before

    def named(self, name: str, depth: int) -> float | None:
        if name in self._now:
            return self._now[name]
        text = self._expressions.get(name, "")
        if not text or len(text) > MAX_LENGTH or depth > MAX_DEPTH:
            raise BadExpressionError(f"{name} is no metric and no expression")
        text = re.sub(r"\|\||\bOR\b", " or ", re.sub(r"&&|\bAND\b", " and ", text)).strip()
        try:
            tree = ast.parse(text, mode="eval")
        except (SyntaxError, ValueError, MemoryError) as error:
            raise BadExpressionError(text) from error
        return self._of(tree.body, depth)

    def _of(self, node: ast.expr, depth: int) -> float | None:
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self.named(name, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._with(operator.neg, (operand,), depth)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _ARITHMETIC:
                return self._with(_ARITHMETIC[type(sign)], (left, right), depth)
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _ARITHMETIC:
                return self._with(_ARITHMETIC[type(sign)], (left, right), depth)
            case ast.BoolOp(op=sign, values=parts):
                both = all if isinstance(sign, ast.And) else any
                return self._with(lambda *found: both(found), parts, depth)
            case ast.Call(func=ast.Name(id=name), args=given, keywords=[]):
                return self._called(name.upper(), given, depth)
        raise BadExpressionError(ast.unparse(node))

    def _with(self, function: Callable[..., float], parts: Sequence[ast.expr], depth: int) -> float | None:
        found = [self._of(part, depth) for part in parts]
        if None in found:
            return None
        try:
            return float(function(*found))
        except (ArithmeticError, ValueError):
            return None

    def _called(self, name: str, given: Sequence[ast.expr], depth: int) -> float | None:
        match name, given:
            case "FILL", (part, ast.Name(id="REPEAT")):
                now = self._of(part, depth)
                return now if now is not None else self._earlier(part, depth)
            case "FILL", (part, ast.Constant() as other):
                now = self._of(part, depth)
                return now if now is not None else self._of(other, depth)
            case "IF", (asked, *ways) if 1 <= len(ways) <= 2:  # noqa: PLR2004 - then, else
                seen = self._of(asked, depth)
                chosen = ways[:1] if seen else ways[1:]
                return None if seen is None or not chosen else self._of(chosen[0], depth)
            case _ if name in _ONE and len(given) == 1:
                return self._with(_ONE[name], given, depth)
            case _ if name in _SEVERAL and len(given) == 1:
                found = [one for one in self._several(given[0], depth) if one is not None]
                return float(_SEVERAL[name](found)) if found else None
        raise BadExpressionError(name)

    def _earlier(self, node: ast.expr, depth: int) -> float | None:
        before = _Moment(self._expressions, self._before, {})
        return before._of(node, depth)

    def _several(self, node: ast.expr, depth: int) -> list[float | None]:
        match node:
            case ast.List(elts=parts):
                return [self._of(part, depth) for part in parts]
            case ast.Call(func=ast.Name(id="METRICS"), args=[]):
                return list(self._now.values())
            case ast.Call(func=ast.Name(id="METRICS"), args=[ast.Constant(value=str() as part)]):
                return [found for name, found in self._now.items() if part in name]
            case ast.Call(func=ast.Name(id="FILL"), args=[inner, ast.Constant() as other]):
                instead = self._of(other, depth)
                return [instead if found is None else found for found in self._several(inner, depth)]
        return [self._of(node, depth)]
