"""The routes of auth/door.py, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from penstock.server.auth.door import Me, SignIn, Ticket
from penstock.server.describing import answer, json_answer, operation, query

SHAPES = (Me, SignIn, Ticket)

_STATE = query("state", "string", "What was given to the issuer.")
_CODE = query("code", "string", "What the issuer gives for it.")

PATHS: dict[str, Any] = {
    "/api/me": {
        "get": operation(
            "me", "Who asks: 401 when nobody is signed in.", {"200": json_answer("A person.", "Me")}
        )
    },
    "/api/ticket": {
        "post": operation(
            "ticket",
            "Get what opens one socket within 30 seconds: /api/socket?ticket=...",
            {"200": json_answer("A ticket.", "Ticket")},
        )
    },
    "/auth/token": {
        "post": operation(
            "signIn",
            "Sign a browser in with a token, where `auth` is `token`.",
            {"204": answer("Signed in: a cookie says so from now on.")},
            body="SignIn",
        )
    },
    "/auth/sign-out": {
        "post": operation("signOut", "Sign a browser out.", {"204": answer("The cookie is worth nothing.")})
    },
    "/auth/login": {
        "get": operation(
            "goToIssuer",
            "Go to the issuer to sign in, where `auth` is `oidc`.",
            {"302": answer("Off to the issuer.")},
            query("next", "string", "Where to go in the end: a path here."),
        )
    },
    "/auth/callback": {
        "get": operation(
            "backFromIssuer", "Come back from there.", {"302": answer("Signed in.")}, _STATE, _CODE
        )
    },
}
