"""The language of IVR flows: what a file says, whether it makes sense, how it goes on from key to key."""
