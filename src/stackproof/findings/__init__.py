"""What engines say of resources (results), and what the gate makes of it (findings, control outcomes, reports)."""
