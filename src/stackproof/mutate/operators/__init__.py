"""The operators, one kind a module; `registry` finds them by themselves."""
