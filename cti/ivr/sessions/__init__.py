"""What answers the dialplan: where a call goes, flows on the telephone, the survey, refusals."""
