"""From nothing to everything in place and back, on a stub of Google Cloud; and artefacts that no name breaks out of."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import subprocess

import pytest

from exclave.audit.loader import load as load_controls
from exclave.audit.model import Settings, Status
from exclave.audit.run import results_of
from exclave.change.apply import Doing, apply, undo
from exclave.change.gcp import Reader, Writer
from exclave.change.model import Plan
from exclave.harden.model import Options
from exclave.harden.run import harden
from exclave.inventory import http as wires
from exclave.model import Cloud
from tests.audit.gcp.build import NOW, key, load_catalogue, ours, recorded, right
from tests.stubs.gcp import NUMBER, ORG, OTHER, OTHER_NUMBER, PROJECT, GoogleStub

pytest.importorskip("httpx")
CONTROLS = [c for c in load_controls() if c.cloud is Cloud.GCP]
ETL = "serviceAccount:etl@our-project.iam.gserviceaccount.com"
SUBNET = f"//compute.googleapis.com/projects/{PROJECT}/regions/europe-west1/subnetworks/default"


@pytest.fixture
def stub(monkeypatch):
    with GoogleStub() as found:
        found.page = 50
        monkeypatch.setenv("EXCLAVE_GCP_ENDPOINT", found.url)
        monkeypatch.setenv("EXCLAVE_GCP_TOKEN", "t")
        monkeypatch.setattr(wires, "FIRST_WAIT", 0.01)
        monkeypatch.setattr("exclave.change.gcp.RATE", 0.0)
        yield found


def untidy(stub):
    """A project with something of everything that can be wrong."""
    stub.put("accessPolicies/77", {"parent": ORG, "title": "default"})
    stub.resource(
        PROJECT,
        "compute.googleapis.com/Subnetwork",
        SUBNET,
        {"name": "default", "fingerprint": "f1", "purpose": "PRIVATE"},
    )
    stub.put(
        "buckets/ours-data",
        {
            "name": "ours-data",
            "project": PROJECT,
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}},
        },
    )
    stub.things[f"projects/{PROJECT}/exclusions/noisy"] = {
        "name": "noisy",
        "filter": 'log_id("cloudaudit.googleapis.com/data_access")',
    }
    stub.policies[f"projects/{PROJECT}"]["bindings"] = [
        {"role": "roles/editor", "members": [ETL, "user:lee@ours.example"]}
    ]
    recommend(stub, {ETL: ["roles/bigquery.jobUser"], "user:lee@ours.example": []})
    key(stub, "aaaa", made="2024-01-01T00:00:00Z", used="")


def recommend(stub, better, project=PROJECT):
    """Member → what IAM Recommender would have him be in place of an editor."""
    resource = (
        f"//cloudresourcemanager.googleapis.com/projects/{NUMBER if project == PROJECT else OTHER_NUMBER}"
    )
    for number, (member, instead) in enumerate(better.items()):
        operations = [
            {"action": "add", "resource": resource, "pathFilters": {"/iamPolicy/bindings/*/role": r}}
            for r in instead
        ]
        operations.append(
            {
                "action": "remove",
                "resource": resource,
                "pathFilters": {
                    "/iamPolicy/bindings/*/role": "roles/editor",
                    "/iamPolicy/bindings/*/members/*": member,
                },
            }
        )
        stub.put(
            f"projects/{project}/locations/global/recommenders/google.iam.policy.Recommender/recommendations/{number}",
            {"stateInfo": {"state": "ACTIVE"}, "content": {"operationGroups": [{"operations": operations}]}},
        )  # fmt: skip


def made(stub, **options):
    inventory = recorded(stub)
    settings = {"notify": ("soc@ours.example",), "settings": Settings(now=NOW), **options}
    return harden(inventory, ours(inventory), Options(**settings), CONTROLS, load_catalogue())


def applied(found, path, limit=50):
    calls = [r.call for s in found.steps for r in (*s.change, *s.undo)]
    doing = Doing(reader=Reader(), writer=Writer(calls), patience=0.5)
    done = apply(Plan(made_at=NOW, steps=found.steps), doing, undo_file=path, limit=limit)
    return doing, done


def statuses(stub):
    inventory = recorded(stub)
    perimeter = ours(inventory)
    results = [
        r for c in CONTROLS for r in results_of(c, inventory, perimeter, Settings(now=NOW), load_catalogue())
    ]
    return {(r.control.id, r.check.scope.account): r.check.status for r in results}


def state(stub):
    """What stands there, but for etags and what is only the log bucket."""

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k not in ("etag", "fingerprint", "version")}
        return [plain(v) for v in value] if isinstance(value, list) else value

    things = {n: t for n, t in stub.things.items() if not n.endswith("/buckets/exclave-audit")}
    return plain(copy.deepcopy([things, stub.policies, stub.assets]))


def test_everything_that_is_missing_is_made_and_taken_back(stub, tmp_path):
    untidy(stub)
    before, wrong = state(stub), statuses(stub)
    assert all(s is Status.FAIL for (c, a), s in wrong.items() if a == PROJECT)
    found = made(stub)
    _, done = applied(found, tmp_path / "undo.jsonl")
    assert [(d.step.title, d.result, d.why) for d in done if not d.good] == []
    assert set(statuses(stub).values()) == {Status.PASS}
    assert made(stub).steps == ()

    doing = Doing(
        reader=Reader(),
        writer=Writer([r.call for s in found.steps for r in s.undo]),
        patience=0.5,
        keep_going=True,
    )
    back = undo(tmp_path / "undo.jsonl", doing)
    assert [d.step.title for d in back if not d.good] == ["make log bucket exclave-audit, 365 days, locked"]
    after = state(stub)
    subnet = after[2][PROJECT][0]["resource"]["data"]
    assert subnet.pop("logConfig") == {"enable": False}
    assert {k: v for k, v in after[0].items() if k in before[0]} | {
        "buckets/ours-data": before[0]["buckets/ours-data"]
    } == before[0] | {
        f"projects/{PROJECT}/exclusions/noisy": {
            **before[0][f"projects/{PROJECT}/exclusions/noisy"],
            "disabled": False,
        },
        next(n for n in before[0] if "/keys/" in n): after[0][next(n for n in before[0] if "/keys/" in n)],
    }
    assert set(after[0]) == set(before[0])
    assert sorted(map(json.dumps, after[1][f"projects/{PROJECT}"]["bindings"])) == sorted(
        map(json.dumps, before[1][f"projects/{PROJECT}"]["bindings"])
    )
    assert statuses(stub) == wrong


def test_without_an_access_policy_one_run_makes_it_and_the_perimeter(stub, tmp_path):
    untidy(stub)
    stub.things["accessPolicies/77"] |= {"title": "a part", "scopes": ["folders/5"]}  # not of the whole
    found = made(stub, prefix="mine")
    doing, done = applied(found, tmp_path / "undo.jsonl")
    assert [(d.step.title, d.why) for d in done if not d.good] == []
    assert {k for k, s in statuses(stub).items() if s is not Status.PASS} == set()
    (policy,) = (n for n, t in stub.things.items() if t.get("title") == "mine" and n.count("/") == 1)
    assert f"{policy}/servicePerimeters/mine" in stub.things
    doing.keep_going = True
    back = undo(tmp_path / "undo.jsonl", doing)
    assert [d.step.title for d in back if not d.good] == ["make log bucket mine-audit, 365 days, locked"]
    assert [n for n in stub.things if n.startswith("accessPolicies/")] == ["accessPolicies/77"]


def test_two_steps_on_one_projects_roles_are_made_one_after_the_other_and_taken_back(stub, tmp_path):
    """The project with the log bucket has members to narrow, and Logging is to write to it: each keeps the other's."""
    untidy(stub)
    editors = stub.policies[f"projects/{OTHER}"]["bindings"] = [{"role": "roles/editor", "members": [ETL]}]
    recommend(stub, {ETL: ["roles/bigquery.jobUser"]}, OTHER)
    before = copy.deepcopy(editors)
    found = made(stub)
    mine = [s for s in found.steps if s.resource == f"projects/{OTHER}" and "etIamPolicy" in s.change[0].call]
    assert len(mine) >= 2
    doing, done = applied(found, tmp_path / "undo.jsonl")
    assert [(d.step.title, d.why) for d in done if not d.good] == []
    held = {b["role"]: b["members"] for b in stub.policies[f"projects/{OTHER}"]["bindings"]}
    assert held["roles/bigquery.jobUser"] == [ETL]
    assert "roles/logging.bucketWriter" in held
    assert "roles/editor" not in held
    doing.keep_going = True
    undo(tmp_path / "undo.jsonl", doing)
    assert stub.policies[f"projects/{OTHER}"]["bindings"] == before


def test_the_etag_of_the_moment_is_sent_and_a_stale_one_stops_the_step(stub, tmp_path):
    untidy(stub)
    found = made(stub)
    (step,) = (s for s in found.steps if s.title.startswith("narrow the roles"))
    stub.fail("setIamPolicy", 409, None)
    _, done = applied(dataclasses.replace(found, steps=(step,)), tmp_path / "undo.jsonl")
    assert [d.result for d in done] == ["failed"]
    sent = [b for v, t, b in stub.requests if t.endswith(":setIamPolicy")]
    assert sent[-1]["policy"]["etag"] == stub.policies[f"projects/{PROJECT}"]["etag"]


def test_what_changed_since_the_plan_is_left_alone(stub, tmp_path):
    untidy(stub)
    found = made(stub)
    stub.policies[f"projects/{PROJECT}"]["bindings"].append(
        {"role": "roles/owner", "members": ["user:new@ours.example"]}
    )
    kept = copy.deepcopy(stub.policies[f"projects/{PROJECT}"]["bindings"])
    _, done = applied(found, tmp_path / "undo.jsonl")
    refused = [d for d in done if not d.good]
    assert refused[0].step.title.startswith("narrow the roles")
    assert stub.policies[f"projects/{PROJECT}"]["bindings"] == kept


def test_policies_are_set_where_they_are_missing(stub):
    ready = right()
    ready.things[f"projects/{PROJECT}/policies/storage.publicAccessPrevention"] = {
        "name": f"projects/{PROJECT}/policies/storage.publicAccessPrevention", "spec": {"rules": [{"enforce": False}]},
    }  # fmt: skip
    (step,) = made(ready).steps
    assert (
        step.change[0].call
        == f"PATCH https://orgpolicy.googleapis.com/v2/projects/{PROJECT}/policies/storage.publicAccessPrevention?updateMask=spec"
    )
    assert step.undo[0].args["spec"] == {"rules": [{"enforce": False}]}


def test_a_wrong_sink_policy_and_metric_of_ours_are_mended(stub, tmp_path):
    untidy(stub)
    applied(made(stub), tmp_path / "one.jsonl")
    stub.things[f"{ORG}/sinks/exclave-audit"]["disabled"] = True
    name = next(n for n in stub.things if "/alertPolicies/" in n)
    stub.things[name]["enabled"] = False
    stub.things[f"projects/{OTHER}/metrics/exclave-sharing"]["filter"] = "severity>=ERROR"
    assert Status.FAIL in statuses(stub).values()
    _, done = applied(made(stub), tmp_path / "two.jsonl")
    assert [(d.step.title, d.why) for d in done if not d.good] == []
    assert set(statuses(stub).values()) == {Status.PASS}


def test_keys_in_use_are_planned_for_and_not_disabled(stub):
    ready = right()
    key(ready, "aaaa", made="2024-01-01T00:00:00Z", used="2026-03-01T00:00:00Z")
    found = made(ready)
    assert found.steps == ()
    (plan,) = [a for a in found.artefacts if a.format == "text"]
    assert "| etl" in plan.text
    (step,) = made(ready, values={"disable-used": "yes"}).steps
    assert step.change[0].call.endswith("/keys/aaaa:disable")


def test_old_hmac_keys_are_planned_for(stub):
    ready = right()
    ready.things[f"projects/{PROJECT}/hmacKeys/GOOG1"] = {
        "accessId": "GOOG1", "serviceAccountEmail": "etl@our-project.iam.gserviceaccount.com", "state": "ACTIVE", "timeCreated": "2024-01-01T00:00:00Z",
    }  # fmt: skip
    found = made(ready, values={"disable-used": "yes"})
    assert found.steps == ()
    (plan,) = [a for a in found.artefacts if a.format == "text"]
    assert "| GOOG1" in plan.text


def test_without_somebody_to_tell_there_is_no_policy_and_a_note(stub):
    untidy(stub)
    found = made(stub, notify=())
    assert any("--notify" in n for n in found.notes["gcp.alert"])
    assert not any("alertPolicies" in r.call for s in found.steps for r in s.change)


def test_scripts_are_shell_and_configurations_are_json(stub, tmp_path):
    untidy(stub)
    found = made(stub)
    assert {a.format for a in found.artefacts} == {"gcloud", "terraform"}
    for artefact in found.artefacts:
        assert artefact.deploy
        if artefact.format == "terraform":
            assert json.loads(artefact.text)["resource"]
        else:
            subprocess.run(["sh", "-n"], input=artefact.text.encode(), check=True)


def texts(found, control):
    """Ending → text of a control's artefacts."""
    return {a.name.removeprefix(control + "."): a.text for a in found.artefacts if a.control == control}


def test_the_undo_takes_away_what_the_script_gave_and_nothing_else(stub):
    """What was there before stays, and comes back as it was."""
    untidy(stub)
    given = {"role": "roles/bigquery.jobUser", "members": [ETL]}
    stub.policies[f"projects/{PROJECT}"]["bindings"].append(given)
    logs = {
        "enable": True,
        "flowSampling": 0.1,
        "aggregationInterval": "INTERVAL_15_MIN",
        "metadata": "EXCLUDE_ALL_METADATA",
    }
    (subnet,) = [a for a in stub.assets[PROJECT] if a["name"] == SUBNET]
    subnet["resource"]["data"]["logConfig"] = logs
    name = f"projects/{PROJECT}/policies/storage.publicAccessPrevention"
    spec = {"rules": [{"enforce": False}], "inheritFromParent": True}
    stub.things[name] = {"name": name, "spec": spec}
    found = made(stub)
    rights = texts(found, "gcp.least-privilege")
    assert "jobUser" not in "".join(rights.values())
    assert "--role=roles/editor" in rights["undo.gcloud.sh"]
    back = texts(found, "gcp.logging")["undo.gcloud.sh"]
    assert (
        "--logging-flow-sampling=0.1 --logging-aggregation-interval=interval-15-min --logging-metadata=exclude-all"
        in back
    )
    policies = texts(found, "gcp.perimeter")
    assert json.dumps({"name": name, "spec": spec}, indent=2) in policies["undo.gcloud.sh"]
    assert name not in policies["tf.json"]  # Terraform would delete it


def test_a_sink_of_ours_that_is_off_is_switched_on_and_off_again(stub, tmp_path):
    untidy(stub)
    applied(made(stub), tmp_path / "one.jsonl")
    stub.things[f"{ORG}/sinks/exclave-audit"] |= {"disabled": True, "filter": "severity>=ERROR"}
    scripts = texts(made(stub), "gcp.logging")
    assert "sinks update exclave-audit " in scripts["gcloud.sh"]
    assert "--no-disabled --clear-exclusions" in scripts["gcloud.sh"]
    assert "'--log-filter=severity>=ERROR'" in scripts["undo.gcloud.sh"]
    assert " --disabled " in scripts["undo.gcloud.sh"]
    assert "sinks delete" not in scripts["undo.gcloud.sh"]
    assert "google_logging_organization_sink" not in scripts.get("tf.json", "")
    assert "google_logging_project_bucket_config" not in scripts.get("tf.json", "")


def test_terraform_makes_the_bucket_before_the_sink_that_fills_it(stub):
    untidy(stub)
    resources = json.loads(texts(made(stub), "gcp.logging")["tf.json"])["resource"]
    sink = resources["google_logging_organization_sink"]["audit"]
    assert sink["depends_on"] == ["google_logging_project_bucket_config.audit"]


def test_alarms_of_ours_that_are_wrong_are_mended_and_put_back_by_their_scripts(stub, tmp_path):
    """What is there can't be made once more, and is not to be deleted."""
    untidy(stub)
    applied(made(stub), tmp_path / "one.jsonl")
    policy = next(n for n in stub.things if "/alertPolicies/" in n)
    stub.things[policy]["enabled"] = False
    stub.things[f"projects/{OTHER}/metrics/exclave-sharing"]["filter"] = "severity>=ERROR"
    scripts = texts(made(stub), "gcp.alert")
    assert re.findall(r"metrics (\w+) (\S+)", scripts["gcloud.sh"]) == [("update", "exclave-sharing")]
    assert f"policies update {policy} " in scripts["gcloud.sh"]
    assert "delete" not in scripts["undo.gcloud.sh"]
    assert '"filter": "severity>=ERROR"' in scripts["undo.gcloud.sh"]
    assert '"enabled": false' in scripts["undo.gcloud.sh"]
    # Terraform would make them once more, and destroy what it did not make
    assert "tf.json" not in scripts


def test_terraform_makes_the_alarms_that_are_missing_alone(stub, tmp_path):
    untidy(stub)
    applied(made(stub), tmp_path / "one.jsonl")
    del stub.things[f"projects/{OTHER}/metrics/exclave-sharing"]
    found = made(stub)
    resources = json.loads(texts(found, "gcp.alert")["tf.json"])["resource"]
    assert {k: list(v) for k, v in resources.items()} == {"google_logging_metric": ["exclave_sharing"]}
    assert any("import" in note for note in found.notes["gcp.alert"])


def test_members_whose_names_differ_by_a_sign_are_members_of_their_own(stub):
    untidy(stub)
    twins = [
        "serviceAccount:a-b@our-project.iam.gserviceaccount.com",
        "serviceAccount:a.b@our-project.iam.gserviceaccount.com",
    ]
    stub.policies[f"projects/{PROJECT}"]["bindings"] = [{"role": "roles/editor", "members": twins}]
    recommend(stub, {t: ["roles/bigquery.jobUser"] for t in twins})
    members = json.loads(texts(made(stub), "gcp.least-privilege")["tf.json"])["resource"][
        "google_project_iam_member"
    ]
    assert set(twins) <= {m["member"] for m in members.values()}


HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "x; touch pwned",
    "x\ntouch pwned\n",
    "END_OF_DOCUMENT\ntouch pwned",
    "'; touch pwned; '",
    "${path.module}",
]


def hostile(stub, name, number=0):
    """Things that somebody gave a name of his choice."""
    stub.things[f"projects/{PROJECT}/exclusions/bad{number}"] = {"name": name, "filter": ""}
    stub.put(f"buckets/bad{number}", {"project": PROJECT})
    stub.things[f"buckets/bad{number}"]["name"] = name
    subnet = f"//compute.googleapis.com/projects/{PROJECT}/regions/r/subnetworks/{name}"
    stub.resource(PROJECT, "compute.googleapis.com/Subnetwork", subnet, {})
    stub.policies[f"projects/{PROJECT}"]["bindings"].append(
        {"role": "roles/viewer", "members": [f"user:{name}"]}
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_command_or_a_template(stub, tmp_path, name):
    untidy(stub)
    hostile(stub, name)
    fake = tmp_path / "gcloud"
    fake.write_text("#!/bin/sh\nexit 0\n")
    fake.chmod(0o755)
    (tmp_path / "python3").symlink_to("/bin/true")
    for artefact in made(stub).artefacts:
        if artefact.format == "gcloud":
            subprocess.run(
                ["sh"],
                input=artefact.text.encode(),
                cwd=tmp_path,
                env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
                check=True,
                capture_output=True,
            )
        elif artefact.format == "terraform":
            assert not re.search(r"(?<!\$)\$\{path", artefact.text)
    assert not (tmp_path / "pwned").exists()
