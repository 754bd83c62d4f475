"""What the dialplan asks: where a call goes and in which language, and the satisfaction survey."""
