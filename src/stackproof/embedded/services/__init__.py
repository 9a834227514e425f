"""The AWS services of the embedded AWS, one module or a few each."""
