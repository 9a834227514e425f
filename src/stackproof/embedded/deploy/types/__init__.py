"""One module per service; each class registers itself."""
