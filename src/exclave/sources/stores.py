"""An obstore store for a URL, with the credentials that the cloud's own tools would use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boto3.session import Session
    from obstore.store import ObjectStore

SCHEMES = ("s3", "az", "gs")
_EXTRAS = {"s3": "aws", "az": "azure", "gs": "gcp"}


class MissingExtraError(Exception):
    """A library that comes with an extra isn't installed; `hint` is the command that installs it."""

    def __init__(self, scheme: str) -> None:
        super().__init__(f"{scheme}:// needs an extra that isn't installed")
        self.hint = f'pip install "exclave[{_EXTRAS[scheme]}]"'


def url_parts(url: str) -> tuple[str, str, str]:
    """Scheme, bucket or container, and key: of `s3://bucket/a/b`, ('s3', 'bucket', 'a/b')."""
    scheme, _, remainder = url.partition("://")
    bucket, _, path = remainder.partition("/")
    return scheme, bucket, path


def make_store(scheme: str, bucket: str, options: Mapping[str, str]) -> ObjectStore:
    """A store for one bucket. Options: profile, region (s3), account (az), endpoint (all).

    Raises MissingExtraError, and what obstore and the credential libraries raise.
    """
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise MissingExtraError(scheme) from error
    config: dict[str, Any] = {}
    provider: Any = None
    endpoint = options.get("endpoint") or _endpoint(scheme)
    if endpoint:
        config["base_url" if scheme == "gs" else "endpoint"] = endpoint
    if scheme == "s3":
        provider = _aws_provider(options)
        region = options.get("region") or provider.config.get("region") or os.environ.get("AWS_REGION")
        config["region"] = region or "us-east-1"
    elif scheme == "az":
        if options.get("account"):
            config["account_name"] = options["account"]
        provider = _azure_provider()
    elif endpoint:  # an emulator, which knows no credentials
        config["skip_signature"] = True
    client = {"allow_http": True} if endpoint and endpoint.startswith("http://") else {}
    build: Any = from_url  # one overload per cloud, which a scheme known only at run time can't choose
    store: ObjectStore = build(
        f"{scheme}://{bucket}", config=config, client_options=client, credential_provider=provider
    )
    return store


def bucket_options(scheme: str, bucket: str, options: Mapping[str, str]) -> dict[str, str]:
    """The options completed, so that an item says all that a worker needs.

    Adds the endpoint that the environment gives, and the bucket's own region, asked of S3.
    """
    known = dict(options)
    endpoint = known.get("endpoint") or _endpoint(scheme)
    if endpoint:
        known["endpoint"] = endpoint
    if scheme != "s3" or known.get("region") or endpoint:
        return known
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise MissingExtraError(scheme) from error
    client = _session(known).client("s3", region_name="us-east-1")
    try:
        answer = client.head_bucket(Bucket=bucket)
    except ClientError as error:  # S3 names the region even where it redirects or refuses
        answer = error.response
    except BotoCoreError:
        return known
    region = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region")
    if region:
        known["region"] = region
    return known


def _session(options: Mapping[str, str]) -> Session:
    try:
        import boto3
    except ImportError as error:
        raise MissingExtraError("s3") from error
    return boto3.Session(profile_name=options.get("profile") or None)


def _aws_provider(options: Mapping[str, str]) -> object:
    session = _session(options)
    from obstore.auth.boto3 import Boto3CredentialProvider

    if session.get_credentials() is None:
        raise LookupError("no AWS credentials were found")
    return Boto3CredentialProvider(session)


def _azure_provider() -> object:
    """azure-identity's default chain where it is installed and no key or token is in the environment."""
    if any(name.startswith("AZURE_STORAGE_") and name.endswith(("KEY", "TOKEN")) for name in os.environ):
        return None
    try:
        from obstore.auth.azure import AzureCredentialProvider
    except ImportError:
        return None
    return AzureCredentialProvider()


def _endpoint(scheme: str) -> str:
    """The address that the environment gives, by each cloud's convention for private ones and emulators."""
    names = {
        "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        "az": ("AZURE_STORAGE_ENDPOINT",),
        "gs": ("STORAGE_EMULATOR_HOST",),
    }
    found = next((os.environ[name] for name in names[scheme] if os.environ.get(name)), "")
    return found if "://" in found or not found else f"http://{found}"
