"""The life of a turn: received, claimed, answered, followed, ended.

The only place where questions, models and logs meet. It knows the ports and no
adapter, so everything outside (model, store, knowledge, clock) is handed to it.

    engine.py      Engine: what doors call (ask, follow, stop, forget)
    asking.py      a question on its way in
    conversations.py  what people do with their threads beside asking
    sharing.py     read-only links
    feedback.py    what people thought of answers
    transcripts.py  threads read backwards
    dispatcher.py  claims turns and runs them, each in a task of its own
    run.py         one turn, from its claim to its end
    prompts.py     what the model is asked
    attempt.py     one attempt: model, retries, the missing end mark
    silence.py     how long a model may say nothing
    live.py        a running turn's log: shown at once, journaled soon after
    journal.py     writes the logs of all live turns together, and renews their leases
    beat.py        what happens by the clock
    chores.py      small work beside the turns
    reading.py     who may read what, from where
    follower.py    one reader of a turn, or of a thread
    bells.py       how readers are woken
    rules.py       how turns are run, as values
    usage.py       what answers used, by day
    owner.py       what the owner may see and do
    timeline.py    what happened in a turn, and when
    statistics.py  turns by outcome, model and channel, hour by hour
    histogram.py   how long things took, as counts that add up
    readiness.py   whether a question could be written down now
    seldom.py      what would be logged again and again
"""

from penstock.engine.asking import Asked
from penstock.engine.engine import Engine
from penstock.engine.rules import Rules, TurnReport

__all__ = ["Asked", "Engine", "Rules", "TurnReport"]
