"""`python -m stackproof`."""

from stackproof.cli.main import main

main()
