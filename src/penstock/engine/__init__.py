"""The life of a turn: received, claimed, answered, followed, ended.

The only place where questions, models and logs meet. It knows the ports and no
adapter, so everything outside (model, store, knowledge, clock) is handed to it.

    engine.py    Engine: what doors call (ask, follow, stop, forget), and the dispatcher
    run.py       one turn, from its claim to its end
    attempt.py   one attempt: prompt, model, timeouts, retries
    live.py      a running turn's log: shown at once, journaled soon after
    reading.py   who may read what, from where
    journal.py   writes the logs of all live turns together, and renews their leases
    bells.py     how readers are woken
    usage.py     what answers used, by day
    readiness.py whether a question could be written down now
    seldom.py    what would be logged again and again
"""

from penstock.engine.engine import Asked, Engine
from penstock.engine.rules import Rules, TurnReport

__all__ = ["Asked", "Engine", "Rules", "TurnReport"]
