"""The AWS Batch job: reads one transaction file, accounts for every line, publishes what it found."""
