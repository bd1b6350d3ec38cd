"""Makes terraform_schema.json anew: `python -m tests.harden.terraform_record FOLDER...`, each the unpacked npm package of a provider.

    npm pack @cdktf/provider-aws@21.22.1 @cdktf/provider-google@16.12.1    # then unpack each into a folder of its own

Those packages are generated from what `terraform providers schema` prints: each argument's type, place and need can be read
off them. Not how many blocks there must be beyond one, and not what is deprecated: that part of the record is kept as it is.
The resources are those that the record already names, and what is added on the command line, as `aws_sqs_queue`.

The record: type → argument → its type. `!` after a name: required; `=`: the provider alone sets it. A block is a pair: how it is
nested (`list 1`, when there can be one only), and its arguments.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

RECORD = Path(__file__).with_name("terraform_schema.json")
_STRUCT = re.compile(
    r"^function (\w+)ToHclTerraform\(struct\) \{.*?const attrs = \{(?:\};|\n(.*?)^    \};)",
    re.MULTILINE | re.DOTALL,
)
_RESOURCE = re.compile(
    r"^    synthesizeHclAttributes\(\) \{\n        const attrs = \{\n(.*?)^        \};",
    re.MULTILINE | re.DOTALL,
)
_ARGUMENT = re.compile(
    r"^ +(\w+): \{\n +value: (.*?),\n +isBlock: (\w+),\n +type: \"(\w+)\",\n +storageClassType: \"(\w+)\",",
    re.MULTILINE,
)
_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^    readonly (\w+)(\??): ", re.MULTILINE)
_CLASS = re.compile(r"^class (\w+) extends cdktf\.\w+ \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_ANSWER = re.compile(
    r"return (?:cdktf\.Fn\.tolist\()?this\.get(Number|String|Boolean|AnyMap|BooleanMap|NumberMap|StringMap|List|NumberList)"
    r"Attribute\('(\w+)'\)"
)
_INNER = re.compile(r"this\._\w+ = new \w+\(this, \"(\w+)\"")
_NESTED = re.compile(r"(?<![.\w])(\w+)ToHclTerraform\b")


def lower(name: str) -> str:
    return name[0].lower() + name[1:]


def plain(storage: str, shape: str) -> str:
    """A type as Terraform writes it: `stringList` of a set is `set string`."""
    inner = storage.removesuffix("List").removesuffix("Map")
    word = {"boolean": "bool", "any": "any", "list": "string"}.get(inner, inner)
    return word if inner == storage and inner != "list" else f"{shape} {word}"


def provider(folder: Path) -> tuple[str, str]:
    """The provider's source and version that a package was made for."""
    held = json.loads((folder / "package.json").read_text("utf-8"))["cdktf"]["provider"]
    return held["name"].removeprefix("registry.terraform.io/"), held["version"]


class Source:
    """What a package says of one resource, or of the provider's own block."""

    def __init__(self, folder: Path) -> None:
        script = "".join(f.read_text("utf-8") for f in sorted(folder.rglob("*.js")))
        types = "".join(f.read_text("utf-8") for f in sorted(folder.rglob("*.d.ts")))
        self.top = "".join(_RESOURCE.findall(script))
        self.structs = dict(_STRUCT.findall(script))
        self.fields = {lower(n): dict(_FIELD.findall(b)) for n, b in _INTERFACE.findall(types)}
        self.classes = {lower(n): body for n, body in _CLASS.findall(script)}

    def resource(self) -> dict[str, object]:
        (config,) = [n for n in self.fields if n.removesuffix("Config") in self.classes]
        return self._arguments(self.top, self.fields[config], config.removesuffix("Config"))

    def _arguments(self, text: str, fields: dict[str, str], kind: str) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, value, block, shape, storage in _ARGUMENT.findall(text):
            inner = _NESTED.findall(value)
            (field,) = set(re.findall(r"(?:struct\.|this\._)(\w+?)(?:\.internalValue)?\)*$", value)) or {""}
            need = "" if fields[field] else "!"
            if inner:
                held = self._arguments(
                    self.structs[inner[0]], self.fields[inner[0]], inner[0] + "OutputReference"
                )
                assert block == "true", (
                    f"{kind}: {name} holds attributes: nothing that we use did when this was written"
                )
                found[f"{name}{need}"] = (
                    shape if "listMapper" in value or shape == "struct" else f"{shape} 1",
                    held,
                )
            else:
                found[f"{name}{need}"] = plain(storage, shape)
        known = {n.removesuffix("!") for n in found}
        body = self.classes.get(kind, "")
        for storage, name in _ANSWER.findall(body):
            if name not in known:
                found[f"{name}="] = plain(lower(storage), "list" if storage.endswith("List") else "map")
        for name in _INNER.findall(body):
            if name not in known:
                found[f"{name}="] = "object"
        return found


def main(arguments: list[str]) -> None:
    kinds = {a for a in arguments if not Path(a).is_dir()}
    held = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    kinds |= set(held.get("resources", ()))
    made: dict[str, dict[str, object]] = {
        "versions": {}, "deprecated": held.get("deprecated", {}), "providers": {}, "resources": {},
    }  # fmt: skip
    for folder in sorted(Path(a) for a in arguments if Path(a).is_dir()):
        source, version = provider(folder)
        name = source.rpartition("/")[2]
        made["versions"][source] = version
        made["providers"][name] = Source(folder / "lib" / "provider").resource()
        for kind in sorted(k for k in kinds if k.startswith(f"{name}_")):
            place = kind.removeprefix(f"{name}_").replace("_", "-")
            made["resources"][kind] = Source(folder / "lib" / place).resource()
    assert set(made["resources"]) == kinds, kinds - set(made["resources"])
    RECORD.write_text(written(made), "utf-8")


def written(made: dict[str, dict[str, object]]) -> str:
    """A line for each resource."""
    parts = (
        f' "{part}": {{\n' + ",\n".join(f'  "{k}": {json.dumps(v)}' for k, v in sorted(held.items())) + "\n }"
        for part, held in made.items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
