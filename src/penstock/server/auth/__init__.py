"""Who may use this: nobody but this machine, whoever has a token, or whom an issuer vouches for.

rules.py         whether the settings allow it, before anything starts
door.py          the routes: who am I, sign in, sign out, tickets
access.py        who asks, by a token or a session: an `identify` of our own
tokens.py        tokens, kept as hashes
sessions.py      who is signed in, on the Shelf under the hash of a cookie
cookies.py       the cookies themselves
seal.py          what is signed with the server's own secret
tickets.py       what opens a WebSocket, once, within 30 seconds
oidc.py          signing in at an issuer: there and back
issuer.py        what is asked of the issuer
id_token.py      what it says of a person, verified
allowed.py       whether that person may come in, and as whom
failed_page.py   what a person reads whose signing in went wrong
"""

from penstock.server.auth.access import Auth
from penstock.server.auth.rules import check

__all__ = ["Auth", "check"]
