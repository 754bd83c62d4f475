"""What the pacing of a campaign is told; pure."""
