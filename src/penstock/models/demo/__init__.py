"""The demo: a model that needs nothing, and quotes what it was given.

    model.py     the model
    quoting.py   finds the sentences that answer
    phrases.py   the few of its own, in several languages

No account, no network, no weights.
"""

from penstock.models.demo.model import Demo

__all__ = ["Demo"]
