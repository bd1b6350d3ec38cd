"""Canonical ids of accounts that AWS's own services use: lists of buckets name them, so that a service can write or fetch there.

Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html (also its page for China),
https://docs.aws.amazon.com/AmazonElastiCache/latest/red-ug/backups-exporting.html, and recorded logs for S3's own.
"""

from __future__ import annotations

SERVICES = {
    "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0": "CloudFront, which delivers its logs",
    "a52cb28745c0c06e84ec548334e44bfa7fc2a85c54af20cd59e4969344b7af56": "CloudFront in China, which delivers its logs",
    "540804c33a284a299d2547575ce1010f2312ef3da9b3a053c8bc45bf233e4353": "ElastiCache, which exports and fetches backups",
    "40fa568277ad703bd160f66ae4f83fc9dfdfd06c2f1b5060ca22442ac3ef8be6": "ElastiCache in GovCloud, which exports and fetches backups",
    "b14d6a125bdf69854ed8ef2e71d8a20b7c490f252229b806e514966e490b8d83": "ElastiCache in China, which exports and fetches backups",
    "3272ee65a908a7677109fedda345db8d9554ba26398b2ca10581de88777e2b61": "S3, which delivers access logs",
}
