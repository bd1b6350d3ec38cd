"""An image of a machine put into a gallery, and the gallery shared with another tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.azure import directory, ids
from exclave.simulate.azure.call import WRITTEN
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.azure.scene import Scene

_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"  # the built-in role Reader


def tell(scene: Scene) -> None:
    """Guest invited → image of a machine → shareable gallery → version → shared, and Reader for the guest."""
    person, victim = scene.tenant.people[7], scene.victim
    scene.sign_in(person, risk="medium", state="atRisk", events=("unlikelyTravel",), phase="prepare")
    domain = f"{ids.uuid(scene.rng)[:8]}.example"
    guest = {
        "id": ids.uuid(scene.rng),
        "type": "User",
        "userPrincipalName": f"build_{domain}#EXT#@{scene.tenant.company.replace('-', '')}.onmicrosoft.com",
        "modifiedProperties": [],
    }
    scene.audit(
        "Invite external user",
        category="UserManagement",
        by=directory.by_person(scene.tenant, person, scene.outsider_ip),
        targets=[guest],
        phase="access",
        after=8,
    )
    compute = f"{victim.group()}/providers/Microsoft.Compute"
    machine, image = f"{compute}/virtualMachines/{victim.machines[0]}", f"{compute}/images/golden-copy"
    scene.operate(
        scene.as_person(person, "Owner"),
        image,
        "Microsoft.Compute/images/write",
        steps=WRITTEN,
        body={"location": victim.region, "properties": {"sourceVirtualMachine": {"id": machine}}},
        phase="prepare",
        after=12,
    )
    scene.thing("azure-vm", machine, name=victim.machines[0])
    scene.thing("azure-image", image, parent=machine)
    gallery = f"{compute}/galleries/{victim.gallery}_build"
    scene.operate(
        scene.as_person(person, "Owner"),
        gallery,
        "Microsoft.Compute/galleries/write",
        steps=WRITTEN,
        body={"location": victim.region, "properties": {"sharingProfile": {"permissions": "Groups"}}},
        phase="prepare",
        after=5,
    )
    scene.operate(
        scene.as_person(person, "Owner"),
        f"{gallery}/images/golden",
        "Microsoft.Compute/galleries/images/write",
        steps=WRITTEN,
        body={"location": victim.region, "properties": {"osType": "Linux", "osState": "Specialized"}},
        after=2,
    )
    version = f"{gallery}/images/golden/versions/1.0.0"
    scene.operate(
        scene.as_person(person, "Owner"),
        version,
        "Microsoft.Compute/galleries/images/versions/write",
        steps=WRITTEN,
        body={"location": victim.region, "properties": {"storageProfile": {"source": {"id": image}}}},
        phase="prepare",
        after=3,
    )
    scene.thing("azure-image-version", version, parent=image)
    scene.thing("azure-gallery", gallery, parent=version)
    scene.operate(
        scene.as_person(person, "Owner"),
        gallery,
        "Microsoft.Compute/galleries/share/action",
        steps=WRITTEN,
        body={"operationType": "Add", "groups": [{"type": "AADTenants", "ids": [scene.outside_tenant]}]},
        phase="offer",
        after=20,
    )
    scene.offered_to(Kind.TENANT, scene.outside_tenant)
    assignment = ids.uuid(scene.rng)
    scene.operate(
        scene.as_person(person, "Owner"),
        f"{gallery}/providers/Microsoft.Authorization/roleAssignments/{assignment}",
        "Microsoft.Authorization/roleAssignments/write",
        code="Created",
        body={
            "Id": assignment,
            "Properties": {
                "PrincipalId": guest["id"],
                "PrincipalType": "User",
                "RoleDefinitionId": f"{victim.path}/providers/Microsoft.Authorization/roleDefinitions/{_READER}",
                "Scope": gallery,
            },
        },
        phase="access",
        after=6,
    )


BREACH = Breach(
    name="azure-gallery-share",
    title="Image of a production machine shared with another tenant by a compute gallery",
    cloud=Cloud.AZURE,
    description="Somebody's session is used from an unlikely place. It invites a guest, makes an image of a"
    " production machine, puts it as a version into a new gallery that may be shared, shares the gallery with"
    " another tenant, and gives the guest the right to read it.",
    hours=3,
    tell=tell,
)
