"""The clouds' answers as they were, recorded one document per call and scope, and read back offline."""

from exclave.inventory.model import GLOBAL, Answer, Call, Each, Failure, Scope
from exclave.inventory.store import Inventory

__all__ = ["GLOBAL", "Answer", "Call", "Each", "Failure", "Inventory", "Scope"]
