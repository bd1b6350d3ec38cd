"""Every artefact through the validators of its format. A cloud's are what `everything` of made_<cloud>.py gives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from exclave.harden.folder import place
from exclave.harden.model import FORMATS

pytestmark = pytest.mark.real

CLOUDS = sorted(f.stem.removeprefix("made_") for f in Path(__file__).parent.glob("made_*.py"))
# What checkov asks for and isn't so, with the reason.
SKIPPED = {
    "CKV_AWS_18": "a bucket that receives logs would log its own without end",
    "CKV_AWS_145": "S3 delivers access logs to buckets under its own key only",
    "CKV_AWS_144": "a second copy in another region is the owner's to decide",
    "CKV2_AWS_62": "nothing waits for single log files",
    "CKV_AWS_252": "the alarms watch the trail's log group",
    "CKV_AWS_352": "entries keep the ports that they had",
    "CKV2_AWS_48": "global resources are recorded in the home region alone, once",
    "CKV2_AWS_1": "it is attached, by associations, which checkov doesn't follow",
    "CKV_AZURE_206": "an account is replicated as its owner chose",
    "CKV_AZURE_39": "the role has what Owner has without sharing: it gives nothing that was not held",
}


def tool(variable, name):
    found = os.environ.get(variable) or shutil.which(name)
    assert found, f"{name} not found: set {variable}; .ci/real installs it"
    return found


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **more)


@pytest.fixture(scope="module", params=CLOUDS)
def artefacts(request, tmp_path_factory):
    """Folder → the artefacts in it, by format."""
    made = import_module(f"tests.harden.made_{request.param}").everything()
    assert made
    folder = tmp_path_factory.mktemp(request.param)
    found = {}
    for number, artefact in enumerate(made):
        path = folder / artefact.format / str(number) / place(artefact)
        path.parent.mkdir(parents=True)
        path.write_text(artefact.text, "utf-8")
        found.setdefault(artefact.format, []).append(path)
    return folder, found


def checkov(folder, *frameworks):
    done = run(
        tool("CHECKOV", "checkov"), "-d", str(folder), "--skip-download", "--compact", "--quiet", "-o", "json",
        "--framework", *frameworks, "--skip-check", ",".join(SKIPPED),
    )  # fmt: skip
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    assert all("summary" in r for r in reports), done.stdout + done.stderr
    assert not any(r["summary"]["parsing_errors"] for r in reports), reports
    assert sum(r["summary"]["passed"] for r in reports)
    return [
        (f["check_id"], f["check_name"], f["resource"], f["file_path"])
        for r in reports
        for f in r["results"]["failed_checks"]
        if ".undo." not in f["file_path"]  # as it was: whatever was wrong with it
    ]


def test_every_format_is_known_here(artefacts):
    assert set(artefacts[1]) <= FORMATS


def test_cloudformation(artefacts):
    folder, found = artefacts
    if "cloudformation" not in found:
        return
    done = run(tool("CFN_LINT", "cfn-lint"), *map(str, found["cloudformation"]))
    # names that no bucket can have are what hostile inventories are made of
    left = [
        line for line in done.stdout.splitlines() if line.startswith(("E", "W")) and "jsonencode" not in line
    ]
    assert left == [], done.stdout
    assert checkov(folder / "cloudformation", "cloudformation") == []


def test_terraform(artefacts):
    folder, found = artefacts
    if "terraform" not in found:
        return
    for path in found["terraform"]:
        if path.name.endswith(".json"):
            json.loads(path.read_text("utf-8"))
        else:
            script = "const {parse}=require(process.argv[1]);parse('x.tf',require('fs').readFileSync(process.argv[2],'utf8')).then(r=>console.log(JSON.stringify(r)))"
            done = run("node", "-e", script, tool("HCL2JSON", "hcl2json"), str(path))
            assert json.loads(done.stdout or "null"), f"{path}: {done.stderr}"
    assert checkov(folder / "terraform", "terraform", "terraform_json") == []


def test_arm_and_bicep(artefacts):
    folder, found = artefacts
    for path in found.get("arm", ()):
        assert json.loads(path.read_text("utf-8"))["$schema"].startswith(
            "https://schema.management.azure.com/"
        )
    if "arm" in found:
        assert checkov(folder / "arm", "arm") == []
    for path in found.get("bicep", ()):
        script = "import sys, pathlib, pycep; pycep.BicepParser().parse(text=pathlib.Path(sys.argv[1]).read_text())"
        done = run(str(Path(tool("CHECKOV", "checkov")).parent / "python"), "-c", script, str(path))
        assert done.returncode == 0, f"{path}: {done.stderr}"


def test_scripts_and_documents(artefacts):
    _, found = artefacts
    for path in (p for format_ in ("policy", "json", "parameters") for p in found.get(format_, ())):
        json.loads(path.read_text("utf-8"))
    for path in (p for format_ in ("gcloud",) for p in found.get(format_, ())):
        done = run("bash", "-n", str(path))
        assert done.returncode == 0, done.stderr
