"""The truth on disk: every event that matters is here before anything else sees it."""
