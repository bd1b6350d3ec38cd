"""Reads the catalogue: TOML files in the package, one per service, checked against entry.py."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from exclave.catalogue.entry import File, LineageSpec, Method

COMPILED = "compiled.json"
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")


class BadCatalogueError(Exception):
    """A catalogue file that can't be used; the message says which, where and what to do."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every method and every rule of lineage."""

    methods: tuple[Method, ...]
    lineage: tuple[LineageSpec, ...]
    files: tuple[tuple[str, File], ...]

    def method(self, identifier: str) -> Method:
        """One entry by its id.

        Raises:
            BadCatalogueError: there is none; the message names the nearest.
        """
        for method in self.methods:
            if method.id == identifier:
                return method
        near = difflib.get_close_matches(identifier, [m.id for m in self.methods], 3, 0.5)
        raise BadCatalogueError(
            f"no method {identifier!r} in the catalogue" + (f"; near: {', '.join(near)}" if near else "")
        )


def load(folder: Path | None = None, *, compiled: bool = True) -> Catalogue:
    """The catalogue of this installation, or of a folder.

    A compiled copy (made when the package is built, without prose and examples) is used when it fits the TOML files
    beside it: parsing TOML takes longer than hunting a small file.

    Args:
        folder: where the TOML files are; the package's own when None.
        compiled: whether the compiled copy will do.

    Raises:
        BadCatalogueError: a file can't be parsed or says something that entry.py does not know.
    """
    root = folder or Path(__file__).parent
    paths = sorted(root.glob("*/*.toml"))
    contents = [path.read_bytes() for path in paths]
    names = [f"{path.parent.name}/{path.name}" for path in paths]
    copy = root / COMPILED
    if compiled and copy.is_file():
        stored = msgspec.json.decode(copy.read_bytes(), type=_Compiled)
        if stored.digest == _digest(names, contents):
            return _catalogue(list(zip(names, stored.files, strict=True)))
    return _catalogue([(n, parse(c, n)) for n, c in zip(names, contents, strict=True)])


def parse(content: bytes, name: str) -> File:
    """One catalogue file from its bytes.

    Raises:
        BadCatalogueError: with the file, the place, and the nearest known key where one is misspelt.
    """
    import tomllib  # the compiled copy does without

    try:
        return msgspec.convert(tomllib.loads(content.decode()), File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadCatalogueError(f"{name}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise BadCatalogueError(f"{name}: {error}{_hint(str(error))}") from error


def write_compiled(folder: Path) -> Path:
    """Writes the compiled copy of the catalogue in a folder, and says where."""
    paths = sorted(folder.glob("*/*.toml"))
    contents = [path.read_bytes() for path in paths]
    names = [f"{path.parent.name}/{path.name}" for path in paths]
    files = tuple(_lean(parse(c, n)) for n, c in zip(names, contents, strict=True))
    target = folder / COMPILED
    target.write_bytes(msgspec.json.encode(_Compiled(digest=_digest(names, contents), files=files)))
    return target


class _Compiled(msgspec.Struct, frozen=True):
    digest: str
    files: tuple[File, ...]


def _lean(file: File) -> File:
    replace = msgspec.structs.replace
    return replace(
        file,
        unlogged=(),
        method=tuple(
            replace(m, about="", example=(), look_alikes=(), known_gaps=(), references=())
            for m in file.method
        ),
    )


def _catalogue(files: list[tuple[str, File]]) -> Catalogue:
    return Catalogue(
        methods=tuple(m for _, f in files for m in f.method),
        lineage=tuple(rule for _, f in files for rule in f.lineage),
        files=tuple(files),
    )


def _digest(names: list[str], contents: list[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, content in zip(names, contents, strict=True):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _hint(message: str) -> str:
    found = _UNKNOWN.search(message)
    if not found:
        return ""
    known = {field.encode_name for struct in _structs() for field in msgspec.structs.fields(struct)}
    near = difflib.get_close_matches(found[1], known, 1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _structs() -> list[type[msgspec.Struct]]:
    from exclave.catalogue import entry

    return [s for s in vars(entry).values() if isinstance(s, type) and issubclass(s, msgspec.Struct)]
