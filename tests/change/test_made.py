"""What a step's own calls made is named in its later ones; of a list only the items that matter are read."""

from __future__ import annotations

from exclave.change.apply import APPLIED, UNDONE, Doing, apply, undo
from exclave.change.model import Plan, Request, Step, has
from exclave.model import Cloud
from tests.audit.build import NOW


def request(call, **args):
    return Request(cloud=Cloud.AWS, call=call, args=args)


READ = Request(
    cloud=Cloud.AWS, call="o:ListPolicies", keep=("Policies[].Id", "Policies[].Name"), where={"Policies[]": {"Name": "ours"}}
)  # fmt: skip
STEP = Step(
    id="s-1", title="t", resource="r", read=READ, before={"Policies": []},
    change=(request("o:Create", Name="ours"), request("o:Attach", PolicyId={"$made": "Policy.Id"}, TargetId="1")),
    undo=(request("o:Detach", PolicyId={"$now": "Policies[].Id"}, TargetId="1"), request("o:Delete", PolicyId={"$now": "Policies[].Id"})),
    after=(has("Policies[].Name", "ours"),),
)  # fmt: skip


def test_a_policy_is_made_attached_and_taken_back_although_others_come_and_go(tmp_path):
    policies = [{"Id": "p-theirs", "Name": "theirs"}]
    made = []

    def write(asked):
        made.append((asked.call, dict(asked.args)))
        if asked.call == "o:Create":
            policies.append({"Id": "p-new", "Name": asked.args["Name"]})
            return {"Policy": policies[-1]}
        if asked.call == "o:Delete":
            policies[:] = [p for p in policies if p["Id"] != asked.args["PolicyId"]]
        return {}

    doing = Doing(reader=lambda _request: {"Policies": [dict(p) for p in policies]}, writer=write)
    file = tmp_path / "u.jsonl"
    (done,) = apply(Plan(made_at=NOW, steps=(STEP,)), doing, undo_file=file)
    assert done.result == APPLIED
    assert made[1] == ("o:Attach", {"PolicyId": "p-new", "TargetId": "1"})
    policies[0]["Name"] = "renamed"  # somebody else's change is none of ours
    (done,) = undo(file, doing)
    assert done.result == UNDONE
    assert [p["Id"] for p in policies] == ["p-theirs"]
    assert made[-1] == ("o:Delete", {"PolicyId": "p-new"})
