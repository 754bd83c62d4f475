"""What agents of a queue and supervisors have to do: call back, listen to a message, follow up."""
