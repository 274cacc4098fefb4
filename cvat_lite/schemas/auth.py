"""The shapes of logging in, registering and changing passwords."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Email, String, Wire
from cvat_lite.schemas.users import Username


class LoginSerializerExRequest(Wire):
    """A username or an address, and the password.

    No field is required here: what is missing is told in one sentence about all of them.
    """

    username = String(blank=True)
    email = String(blank=True)
    password = String(blank=True, trim=False, metadata={"format": "password"})


class Token(Wire):
    """The key of the ``Token`` authentication."""

    key = fields.String(required=True)


class RestAuthDetail(Wire):
    """What has been done, in words."""

    detail = fields.String(dump_only=True)


class RegisterSerializerExRequest(Wire):
    """Somebody new."""

    username = Username(shortest=5, required=True)
    email = Email(longest=254)
    password1 = String(required=True, trim=False, shortest=8, longest=256)
    password2 = String(required=True, trim=False, shortest=8, longest=256)
    first_name = String(longest=150)
    last_name = String(longest=150)


class RegisterSerializerEx(Wire):
    """Somebody who has registered, with the key of the ``Token`` authentication."""

    username = fields.String(required=True)
    email = fields.String()
    first_name = fields.String()
    last_name = fields.String()
    email_verification_required = fields.Boolean(dump_only=True)
    key = fields.String(dump_only=True, allow_none=True)


class PasswordChangeRequest(Wire):
    """The old password, and twice the new one."""

    old_password = String(required=True, trim=False)
    new_password1 = String(required=True, trim=False, shortest=8, longest=256)
    new_password2 = String(required=True, trim=False, shortest=8, longest=256)


class PasswordResetSerializerExRequest(Wire):
    """The address of somebody who does not know the password any more."""

    email = Email(required=True)


class PasswordResetConfirmRequest(Wire):
    """What the message said, and twice the new password."""

    uid = String(required=True)
    token = String(required=True)
    new_password1 = String(required=True, trim=False, shortest=8, longest=256)
    new_password2 = String(required=True, trim=False, shortest=8, longest=256)
