"""Messages to other systems: written down first, and sent until they are taken."""
