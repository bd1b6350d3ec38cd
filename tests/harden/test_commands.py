"""What the index shows as a command is one: pasted into a shell it calls the provider's tool, whatever things are named."""

from __future__ import annotations

import subprocess
from importlib import import_module

import pytest

TOOLS = ("aws", "az", "gcloud", "terraform", "exclave", "powershell")


@pytest.fixture
def shell(tmp_path):
    """Runs a text where only those tools are, which do nothing; what else is called is not found."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).write_text("#!/bin/bash\nexit 0\n")
        (tools / name).chmod(0o755)
    (tools / "sh").symlink_to("/bin/true")
    work = tmp_path / "work"
    work.mkdir()

    def run(text):
        done = subprocess.run(
            ["/bin/bash", "-c", text], cwd=work, env={"PATH": str(tools)}, text=True, capture_output=True, check=False, timeout=30
        )  # fmt: skip
        return done.returncode, done.stderr, [*work.iterdir()]

    return run


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_deploy_and_undo_call_the_tools_and_nothing_else(cloud, shell):
    seen = {}
    for artefact in import_module(f"tests.harden.made_{cloud}").everything():
        texts = [artefact.deploy, *([] if artefact.format == "powershell" else [artefact.undo])]
        seen |= dict.fromkeys(t for t in texts if t)
    assert seen
    wrong = {text: found for text in seen if (found := shell(text)) != (0, "", [])}
    assert wrong == {}
