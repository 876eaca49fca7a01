"""Where passages come from. Each file here fills `core.ports.Knowledge`, or helps the one that does."""
