"""Names under which every tenant of Azure has resources: such a name says what it is, and not whose."""

from __future__ import annotations

# https://learn.microsoft.com/azure/security/fundamentals/azure-domains, and the national clouds' own.
_SHARED = (
    "azure-api.net",
    "azure-automation.net",
    "azure-devices.net",
    "azure.cn",
    "azure.com",
    "azure.net",
    "azure.us",
    "azurecontainer.io",
    "azurecontainerapps.io",
    "azurecr.io",
    "azuredatabricks.net",
    "azuredatalakestore.net",
    "azureedge.net",
    "azurefd.net",
    "azurehdinsight.net",
    "azurestaticapps.net",
    "azuresynapse.net",
    "azurewebsites.net",
    "chinacloudapi.cn",
    "cloudapp.net",
    "trafficmanager.net",
    "usgovcloudapi.net",
    "windows.net",
)


def is_shared(host: str) -> bool:
    """Whether a host name is of a resource at Azure that any tenant may have made."""
    return host.lower().endswith(tuple(f".{domain}" for domain in _SHARED))
