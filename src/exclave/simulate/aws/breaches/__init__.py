"""The breaches that can be simulated on AWS: one module each, listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.aws.breaches import (
    ami_share,
    backup_copy,
    bucket_policy,
    bucket_upload,
    illicit_vpc,
    leaked_key,
    logging_stopped,
    own_accounts,
    ram_share,
    rds_share,
    replication,
    role_chain,
    share_removed,
    table_export,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.simulate.breach import Breach

BREACHES: Mapping[str, Breach] = {
    leaked_key.BREACH.name: leaked_key.BREACH,
    bucket_policy.BREACH.name: bucket_policy.BREACH,
    bucket_upload.BREACH.name: bucket_upload.BREACH,
    rds_share.BREACH.name: rds_share.BREACH,
    ami_share.BREACH.name: ami_share.BREACH,
    own_accounts.BREACH.name: own_accounts.BREACH,
    backup_copy.BREACH.name: backup_copy.BREACH,
    replication.BREACH.name: replication.BREACH,
    role_chain.BREACH.name: role_chain.BREACH,
    logging_stopped.BREACH.name: logging_stopped.BREACH,
    share_removed.BREACH.name: share_removed.BREACH,
    illicit_vpc.BREACH.name: illicit_vpc.BREACH,
    ram_share.BREACH.name: ram_share.BREACH,
    table_export.BREACH.name: table_export.BREACH,
}
