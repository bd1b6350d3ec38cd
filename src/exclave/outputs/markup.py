"""Elements of HTML and SVG. Text is neutralised and escaped here, so no caller can forget to."""

from __future__ import annotations

from exclave.outputs import neutralise

_VOID = frozenset({"br", "meta", "input", "path", "rect", "circle", "line"})


class Safe(str):
    """Markup that `el` made; any other string is text."""

    __slots__ = ()


def el(name: str, /, *children: object, **attributes: object) -> Safe:
    """An element. `class_` is class, other underscores are hyphens; None and False leave out."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-") if key != "viewBox" else key
        parts.append(f" {label}" if value is True else f' {label}="{neutralise.html(value)}"')
    if name in _VOID and not children:
        return Safe("".join([*parts, "/>"]))
    return Safe("".join([*parts, ">", join(*children), f"</{name}>"]))


def join(*children: object) -> Safe:
    """Children side by side: markup as it stands, text escaped, None left out, lists flattened."""
    out: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Safe):
            out.append(child)
        elif isinstance(child, (list, tuple)):
            out.append(join(*child))
        else:
            out.append(neutralise.html(child))
    return Safe("".join(out))


def shortened(text: str, most: int) -> str:
    """Cut in the middle, for pictures: where the text is whole and can be copied is elsewhere.

    Masked before it is cut, since half a secret is not seen as one.
    """
    text = neutralise.line(text)
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[-tail:]}"
