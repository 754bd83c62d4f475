"""What callers answered: figures, exports, published polls."""
