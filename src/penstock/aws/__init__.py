"""Amazon Web Services. Low in the house, for adapters: signed HTTP, credentials for it, event streams."""
