"""The catalogue: what is checked, why, how to fix it, which rules check it and which requirements it answers."""

from stackproof.catalogue.load import load
from stackproof.catalogue.model import ENGINES, GATE, Catalogue, Control, Exclusion, Framework
from stackproof.catalogue.place import default_policies
from stackproof.catalogue.selfcheck import check

__all__ = ["ENGINES", "GATE", "Catalogue", "Control", "Exclusion", "Framework", "check", "default_policies", "load"]
