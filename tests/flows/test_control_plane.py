"""What the control plane's records say of networks, from the records themselves."""

from __future__ import annotations

import pytest

from exclave.catalogue.entry import Example
from exclave.catalogue.examples import log_of, record
from exclave.catalogue.loader import load
from exclave.detect.match import index, match
from exclave.flows import control_plane
from exclave.formats.logs import parser_of
from exclave.model import Cloud, Evidence, Kind, Signal

SERVICE = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"
THEIRS = "99999999-9999-4999-8999-999999999999"
VNET = "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v"


def signals(method_id, event):
    catalogue = load(compiled=False)
    method = next(m for m in catalogue.methods if m.id == method_id)
    example = Example(name="", event=event, expect=())
    read = parser_of(log_of(method, example))(record(method, example), Evidence(file="x", record=1))
    found = [f for f in match(read, index(catalogue)) if isinstance(f, Signal) and f.method == method_id]
    assert found
    return found


def seen(method_id, event):
    return control_plane(signals(method_id, event))


@pytest.mark.parametrize("interfaces", ["eni-0a1", ["eni-0a1"], ["eni-0a1", "eni-0b2"]])
def test_an_endpoint_is_known_by_its_interface(interfaces):
    asked = {"VpcId": "vpc-1", "VpcEndpointType": "Interface", "ServiceName": SERVICE}
    answer = {"vpcEndpoint": {"vpcEndpointId": "vpce-1", "networkInterfaceIdSet": {"item": interfaces}}}
    event = {
        "requestParameters": {"CreateVpcEndpointRequest": asked},
        "responseElements": {"CreateVpcEndpointResponse": answer},
    }
    found = seen("aws.privatelink.outbound", event).endpoints
    assert {key: who.id for key, who in found.items()} == {(Cloud.AWS, "eni-0a1"): SERVICE}


def test_a_private_service_connect_endpoint_leads_to_the_project_of_its_target():
    asked = {"target": "projects/elsewhere-1/regions/r/serviceAttachments/a", "IPAddress": "10.0.2.200"}
    (route,) = seen("gcp.network.service-connected", {"protoPayload": {"request": asked}}).routes
    assert (str(route.range), route.destination.id) == ("10.0.2.200/32", "elsewhere-1")


def test_an_address_that_is_named_only_by_its_resource_gives_no_route():
    asked = {
        "target": "projects/elsewhere-1/regions/r/serviceAttachments/a",
        "IPAddress": "projects/our-project/regions/r/addresses/a",
    }
    assert seen("gcp.network.service-connected", {"protoPayload": {"request": asked}}).routes == ()


@pytest.mark.parametrize("method", ["azure.network.peering", "azure.network.private-endpoint-out"])
def test_azure_names_the_subscription_and_the_addresses_that_lead_there(method):
    body = {
        "azure.network.peering": {
            "remoteVirtualNetwork": {"id": VNET.format(THEIRS)},
            "remoteAddressSpace": {"addressPrefixes": ["10.8.0.0/16"]},
        },
        "azure.network.private-endpoint-out": {
            "privateLinkServiceConnections": [{"properties": {"privateLinkServiceId": VNET.format(THEIRS)}}],
            "ipConfigurations": [{"properties": {"privateIPAddress": "10.8.0.0"}}],
        },
    }[method]
    (route,) = seen(method, {"properties": {"requestBody": {"properties": body}}}).routes
    assert (str(route.range).partition("/")[0], route.destination.kind) == ("10.8.0.0", Kind.SUBSCRIPTION)
    assert route.destination.id == THEIRS


def test_a_route_over_ipv6_keeps_its_range():
    asked = {
        "routeTableId": "rtb-1",
        "destinationIpv6CidrBlock": "2600:1f18:9::/56",
        "vpcPeeringConnectionId": "pcx-1",
    }
    (found,) = signals("aws.vpc.route-private", {"requestParameters": asked})
    assert ("range6", "2600:1f18:9::/56") in found.facts
