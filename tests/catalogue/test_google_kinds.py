"""The kind of a thing of Google Cloud, by its name."""

import pytest

from exclave.catalogue.kinds import kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("projects/p/zones/z/disks/d", "gcp-disk"),
        ("projects/p/global/images/i", "gcp-image"),
        ("projects/p/datasets/d", "bigquery-dataset"),
        ("projects/p/datasets/d/tables/t", "bigquery-table"),
        ("projects/_/buckets/b", "gcs-bucket"),
        ("projects/_/buckets/b/objects/disks/d", "gcs-object"),
        ("projects/p", "gcp-project"),
        ("projects/p/unheardof/x", "gcp-resource"),
    ],
)
def test_the_last_collection_tells_the_kind(name, kind):
    assert kind_of("by-arn", name) == kind
    assert kind_of("given", name) == "given"
