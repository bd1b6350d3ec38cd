"""Azure: the logs of a tenant, as diagnostic settings write them to a storage account."""
