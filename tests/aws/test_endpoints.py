"""Addresses of services: those that botocore would use."""

from __future__ import annotations

import itertools

import pytest
from botocore.endpoint_provider import EndpointProvider  # type: ignore[import-untyped]
from botocore.loaders import Loader  # type: ignore[import-untyped]

from penstock.aws.endpoints import endpoint
from penstock.errors import ConfigError

SERVICES = ["bedrock-runtime", "bedrock-agent-runtime", "dynamodb", "sqs", "sts"]
# One of each partition, and two of the first.
REGIONS = [
    "us-east-1",
    "eu-central-1",
    "cn-north-1",
    "us-gov-west-1",
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
]


def by_botocore(service: str, region: str, *, fips: bool, dual: bool) -> str:
    loader = Loader()
    provider = EndpointProvider(
        loader.load_service_model(service, "endpoint-rule-set-1"), loader.load_data("partitions")
    )
    found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
    return str(found.url)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("region", REGIONS)
def test_a_service_answers_where_botocore_looks_for_it(service: str, region: str) -> None:
    for fips, dual in itertools.product([False, True], repeat=2):
        environ = {"AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual)}

        assert endpoint(service, region, environ) == by_botocore(service, region, fips=fips, dual=dual)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://a/"}, "http://a"),
        ({"AWS_ENDPOINT_URL": "http://b"}, "http://b"),
        ({"AWS_ENDPOINT_URL": "http://b", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://a"}, "http://a"),
        ({"AWS_ENDPOINT_URL_SQS": "http://c"}, "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        (
            {"AWS_ENDPOINT_URL": "http://b", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "https://bedrock-runtime.eu-west-1.amazonaws.com",
        ),
    ],
)
def test_the_environment_may_lead_elsewhere(environ: dict[str, str], expected: str) -> None:
    assert endpoint("bedrock-runtime", "eu-west-1", environ) == expected


@pytest.mark.parametrize("region", ["", "eu-west-1.example.com/", "EU", "eu west", "a@b", "eu-west-1\n"])
def test_what_is_no_region_never_becomes_part_of_an_address(region: str) -> None:
    with pytest.raises(ConfigError, match="AWS_REGION"):
        endpoint("sqs", region)
