"""Penstock carries a language model's answer, live and exactly once, to wherever people ask."""
