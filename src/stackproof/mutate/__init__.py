"""Mutation: seed faults into a template, one at a time, and see which rules catch which."""
