"""The engines, side by side behind one protocol: cfn-lint, cfn-guard, checkov, graph (and schema for quick runs)."""
