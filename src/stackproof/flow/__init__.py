"""The flow: deploy the template into the embedded AWS, play its scenarios, and tell what happened."""
