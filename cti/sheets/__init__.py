"""Tables in files that were made elsewhere, text with delimiters and Excel workbooks, read as streams."""
