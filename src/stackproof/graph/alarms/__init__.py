"""Alarms: what they watch, whom they tell, and what of a template they cover."""
