"""Delivery: who calls a function, where goes what could not be delivered or handled, and how long it is kept."""
