"""What was decided and dialled in a campaign, and what came of it."""
