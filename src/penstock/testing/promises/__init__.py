"""What every store promises, one function a promise; `penstock.testing.checks` runs them.

Each is given a store that is open and empty, and the clock that the store looks at.
"""
