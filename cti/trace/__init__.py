"""One call's events, cut out of the journal and made fit to be shown to others."""
