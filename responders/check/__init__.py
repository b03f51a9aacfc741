"""The apology check: reads a text as the customer would and says, kindly, what to change.

Pure and offline. Every finding names the founding principle it rests on (A1 … C15) and where in the text it stands.
"""

from responders.check.checking import NEVER_OVERRULED, check
from responders.check.invitation import leave_out_invitation

__all__ = ["NEVER_OVERRULED", "check", "leave_out_invitation"]
