"""Where people ask: one file, or one small folder, for each kind of place.

No channel knows another, the engine or a store. What is here is the wire: a turn's log in,
bytes out; bytes in, questions out.
"""
