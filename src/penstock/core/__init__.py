"""Plain values and rules: no I/O, no clock, no environment, no SDK.

Time is a number somebody hands over. Nothing here imports anything of ours but
`penstock.errors`; a test holds that.
"""
