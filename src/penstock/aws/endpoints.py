"""Where a service of AWS answers: built from its name and its region, or set in the environment.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.errors import ConfigError

# By how a region's name begins, from botocore's partitions.json: the domain, and the one that has IPv6, too.
_PARTITIONS = {
    "cn-": ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    "eusc-": ("amazonaws.eu", "api.amazonwebservices.eu"),
    "us-iso-": ("c2s.ic.gov", "api.aws.ic.gov"),
    "us-isob-": ("sc2s.sgov.gov", "api.aws.scloud"),
    "eu-isoe-": ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    "us-isof-": ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    "": ("amazonaws.com", "api.aws"),
}

# Their usual addresses there are the FIPS ones.
_FIPS_IN_US_GOV = {"dynamodb", "sqs", "sts"}


def endpoint(name: str, region: str, environ: Mapping[str, str] = {}) -> str:
    """The address of `bedrock-runtime`, `sqs`, ... in a region, without a slash at its end.

    `environ` may set AWS_ENDPOINT_URL_<NAME>, AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
    AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT. Raises ConfigError.
    """
    if configured := _configured(name, environ):
        return configured.rstrip("/")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", region):
        raise ConfigError(
            f"{region[:40]!r} is no region of AWS: set AWS_REGION to the one to use, such as us-east-1."
            if region
            else "The region of AWS to use is not set: set AWS_REGION, for instance to us-east-1."
        )
    fips, dual = _on("AWS_USE_FIPS_ENDPOINT", environ), _on("AWS_USE_DUALSTACK_ENDPOINT", environ)
    if region.startswith("us-gov-") and name in _FIPS_IN_US_GOV and not dual:
        fips = False
    suffix = next(suffix for start, suffix in _PARTITIONS.items() if region.startswith(start))
    return f"https://{name}{'-fips' if fips else ''}.{region}.{suffix[dual]}"


def _configured(name: str, environ: Mapping[str, str]) -> str:
    if _on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", environ):
        return ""
    own = f"AWS_ENDPOINT_URL_{name.upper().replace('-', '_')}"
    return environ.get(own) or environ.get("AWS_ENDPOINT_URL", "")


def _on(name: str, environ: Mapping[str, str]) -> bool:
    return environ.get(name, "").lower() == "true"
