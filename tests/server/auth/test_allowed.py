"""Who of those that an issuer knows may come in, and as whom."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from penstock.core.question import Person
from penstock.server.auth.allowed import Allowed, Claims, claim
from penstock.server.problems import NotAllowed

ANYBODY = Allowed("https://id.example.com", "us")


def may(allowed: Allowed, **claims: object) -> bool:
    try:
        allowed.visitor({"sub": "1", **claims})
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("email", "verified", "comes_in"),
    [
        ("ann@example.com", True, True),
        ("ann@EXAMPLE.com", None, True),
        ("ann@example.com", False, False),
        ("ann@example.com", "false", False),
        ("ann@example.com", "true", True),
        ("ann@example.com", "False", False),
        ("ann@example.com", "no", False),
        ("ann@example.com", 0, False),
        ("ann@example.com", [True], False),
        ("ann@sub.example.com", True, False),
        ("ann@example.com.evil.example", True, False),
        ("ann@evil.example@example.com", True, True),
        ("ann@example.com@evil.example", True, False),
        ("example.com", True, False),
        ("", True, False),
        (None, True, False),
        (["ann@example.com"], True, False),
    ],
)
def test_the_domain_is_what_stands_behind_the_last_at_sign(
    email: object, verified: object, comes_in: bool
) -> None:
    allowed = msgspec.structs.replace(ANYBODY, domains=(" Example.com",))

    assert may(allowed, email=email, email_verified=verified) is comes_in


@pytest.mark.parametrize(
    ("groups", "comes_in"),
    [
        (["staff"], True),
        (["other", "staff"], True),
        ("staff", True),
        ("staff other", False),
        (["Staff"], False),
        ([["staff"]], False),
        ({"staff": True}, False),
        ([], False),
        (None, False),
    ],
)
def test_a_group_is_one_by_its_whole_name(groups: object, comes_in: bool) -> None:
    allowed = msgspec.structs.replace(ANYBODY, groups=("staff",))

    assert may(allowed, groups=groups) is comes_in


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("groups", ["a"]),
        ("cognito:groups", ["b"]),
        ("https://example.com/roles", ["c"]),
        ("realm_access.roles", ["d"]),
        ("realm_access.other", None),
        ("groups.a", None),
        ("nothing", None),
    ],
)
def test_a_claim_is_found_by_its_name_or_on_its_way(name: str, found: object) -> None:
    claims: Claims = {
        "groups": ["a"],
        "cognito:groups": ["b"],
        "https://example.com/roles": ["c"],
        "realm_access": {"roles": ["d"]},
    }

    assert claim(claims, name) == found


@pytest.mark.parametrize(
    ("rule", "claims", "admin"),
    [
        ("", {"groups": [""], "": ""}, False),
        ("owners", {"groups": ["owners"]}, True),
        ("owners", {"roles": ["owners"]}, False),
        ("role=owner", {"role": "owner"}, True),
        ("role=owner", {"role": ["x", "owner"]}, True),
        ("role=", {"role": ""}, False),
        ("boss=true", {"boss": True}, True),
        ("level=3", {"level": 3}, True),
        ("email=ann@example.com", {"email": "ann@example.com", "email_verified": True}, True),
        ("email=ann@example.com", {"email": "ann@example.com", "email_verified": False}, False),
        ("email=ann@example.com", {"email": "ann@example.com", "email_verified": "False"}, False),
    ],
)
def test_the_owner_is_whom_the_rule_names(rule: str, claims: Claims, admin: bool) -> None:
    allowed = msgspec.structs.replace(ANYBODY, admin_claim=rule)

    assert allowed.visitor({"sub": "1", **claims}).admin is admin


def test_a_person_is_the_issuers_subject_and_no_address_of_theirs() -> None:
    ann = ANYBODY.visitor(
        {"sub": "1", "email": "ann@example.com", "locale": "de", "zoneinfo": "Europe/Berlin"}
    )
    renamed = ANYBODY.visitor({"sub": "1", "email": "ann@new.example", "name": "Ann New"})
    heir = ANYBODY.visitor({"sub": "2", "email": "ann@example.com"})
    elsewhere = msgspec.structs.replace(ANYBODY, issuer="https://other.example").visitor({"sub": "1"})

    assert ann.person == Person(ann.person.tenant, "1", "ann@example.com", "de", "Europe/Berlin")
    assert (renamed.person.tenant, renamed.person.id) == (ann.person.tenant, "1")
    assert (heir.person.id, renamed.person.name) == ("2", "Ann New")
    assert elsewhere.person.tenant != ann.person.tenant
    assert ":" not in ann.person.tenant


def test_every_rule_is_a_part_of_what_a_session_rests_on() -> None:
    changes: list[dict[str, Any]] = [
        {"issuer": "https://other.example"},
        {"client_id": "them"},
        {"domains": ("a",)},
        {"groups": ("a",)},
        {"groups_claim": "a"},
        {"admin_claim": "a"},
    ]

    warrants = {msgspec.structs.replace(ANYBODY, **change).warrant for change in changes}

    assert len(warrants | {ANYBODY.warrant}) == len(changes) + 1
    assert {name for change in changes for name in change} == set(Allowed.__struct_fields__)
