"""Ids by which Slack names our buttons, forms and inputs. A button's value is an opaque id, nothing else."""

from __future__ import annotations

from typing import Final

# Buttons. The value is a request id, unless said otherwise.
APPROVE: Final = "approve"
APPROVE_WITH_CHANGES: Final = "approve_with_changes"
DENY: Final = "deny"
CANCEL_REQUEST: Final = "cancel_request"
ASK_ANYWAY: Final = "ask_anyway"
REVEAL: Final = "reveal"
EXTEND_INSTEAD: Final = "extend_instead"
"""The value is the draft request's id: extend the key already held instead of sending the draft."""
EXTEND: Final = "extend"
"""The value is a key id, as for the next three."""
GIVE_BACK: Final = "give_back"
DISABLE_NOW: Final = "disable_now"
RESTORE: Final = "restore"
RAISE: Final = "raise"
"""The value is the id of an alert, or of a key that a limit stopped: asks for more of that limit."""
SNOOZE: Final = "snooze"
"""The value is an alert's id, as for the next."""
DISABLE_UNDER: Final = "disable_under"
"""Opens a form to choose one of the keys under the alert's limit."""

# Forms and other modals.
REQUEST_FORM: Final = "request_form"
REQUEST_PREVIEW: Final = "request_preview"
CHANGES_FORM: Final = "changes_form"
DENY_FORM: Final = "deny_form"
EXTEND_FORM: Final = "extend_form"
RAISE_FORM: Final = "raise_form"
DISABLE_FORM: Final = "disable_form"
REVEAL_MODAL: Final = "reveal_modal"
NOTICE_MODAL: Final = "notice_modal"

# Inputs: each is the block's id and its element's action id.
TEAM: Final = "team"
KIND: Final = "kind"
CAP: Final = "cap"
DAILY_CAP: Final = "daily_cap"
NAME: Final = "name"
PROJECT: Final = "project"
LEAD: Final = "lead"
LIMIT: Final = "limit"
UNTIL: Final = "until"
TIME: Final = "time"
MODELS: Final = "models"
REASON: Final = "reason"
KEY: Final = "key"
