"""What tests of the whole service share: it as a process, callers and phones, and the books of both sides."""
