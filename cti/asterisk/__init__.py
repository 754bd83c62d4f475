"""The only room that speaks to Asterisk: AMI in, AMI actions out, FastAGI."""
