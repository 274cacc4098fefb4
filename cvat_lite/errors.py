"""The tree of errors that become answers; it knows no HTTP library.

Each error carries the status and the body of the answer, in CVAT's own shapes: field errors as
``{"field": ["message"]}``, rules without a field as ``["message"]``, everything else as
``{"detail": "message"}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class ApiError(Exception):
    """An answer that is not a success; ``status`` is the HTTP status, ``body`` the JSON body."""

    status = 500

    def __init__(self, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(in_words(body))
        self.body = body
        self.headers: dict[str, str] = dict(headers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        # Worker processes raise it; its own arguments would make another body of it.
        return _rebuild, (type(self), self.body, self.headers)


def in_words(body: Any) -> str:
    """What an answer's body says, in one line for a person."""
    if isinstance(body, Mapping):
        if set(body) == {"detail"}:
            return str(body["detail"])
        return "; ".join(f"{key}: {in_words(value)}" for key, value in body.items())
    if isinstance(body, list | tuple):
        return "; ".join(in_words(value) for value in body if value)
    return str(body)


def _rebuild(kind: type[ApiError], body: Any, headers: dict[str, str]) -> ApiError:
    """An error as it was in another process."""
    error = kind.__new__(kind)
    ApiError.__init__(error, body, headers)
    return error


class DetailError(ApiError):
    """An error whose body is ``{"detail": message}``."""

    default = ""

    def __init__(self, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__({"detail": detail or self.default}, headers)


class ValidationError(ApiError):
    """400: the fields are wrong, ``{"field": ["message"]}`` nested as the body is."""

    status = 400


class RuleError(ValidationError):
    """400: a rule without a field, ``["message"]``."""

    def __init__(self, message: str) -> None:
        super().__init__([message])


class ParseError(DetailError):
    """400: the body is not what its content type says."""

    status = 400


class UnauthorizedError(DetailError):
    """401: nobody, or somebody whose proof is wrong."""

    status = 401
    default = "Authentication credentials were not provided."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, {"WWW-Authenticate": 'Basic realm="api"'})


class ForbiddenError(DetailError):
    """403: somebody who may not."""

    status = 403
    default = "You do not have permission to perform this action."


class NotFoundError(DetailError):
    """404: there is no such object, or none that this user may know of."""

    status = 404
    default = "Not found."

    @classmethod
    def of(cls, model: str) -> NotFoundError:
        """The error for an absent object of the named model, in CVAT's words."""
        return cls(f"No {model} matches the given query.")


class MethodNotAllowedError(DetailError):
    """405: the path is known, the method is not."""

    status = 405


class NotAcceptableError(DetailError):
    """406: a version of the API, or a type, that this server does not speak."""

    status = 406
    default = 'Invalid version in "Accept" header.'


class ConflictError(DetailError):
    """409: the object's state does not allow it now."""

    status = 409


class TooLargeError(DetailError):
    """413: more bytes than are allowed, or than were announced."""

    status = 413


class UnsupportedMediaTypeError(DetailError):
    """415: a content type that the operation does not read."""

    status = 415


class TooManyRequestsError(DetailError):
    """429: more calls than are allowed; ``seconds`` says when the next one is."""

    status = 429

    def __init__(self, seconds: int) -> None:
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(
            f"Request was throttled. Expected available in {seconds} {unit}.",
            {"Retry-After": str(seconds)},
        )


class UnavailableError(DetailError):
    """503: a part that the operation needs is not there, or the server is stopping."""

    status = 503


class FunctionError(DetailError):
    """502: a function that annotates crashed, cannot be reached or answered nonsense."""

    status = 502


class FunctionTimeoutError(FunctionError):
    """504: a function that annotates took longer than it may."""

    status = 504


class InsufficientStorageError(DetailError):
    """507: the disk has no room for what is to be stored."""

    status = 507


class MediaError(Exception):
    """Media that cannot be made into frames; the message is for the user."""


class DatasetError(Exception):
    """A dataset archive that cannot be read.

    ``file`` is the archive's member, ``where`` the line or key at fault (or empty), ``why`` the
    reason in words.
    """

    def __init__(self, file: str, where: str, why: str) -> None:
        place = f"{file}, {where}" if where else file
        super().__init__(f"{place}: {why}" if place else why)
        self.file = file
        self.where = where
        self.why = why

    def __reduce__(self) -> tuple[type[DatasetError], tuple[str, str, str]]:
        # Worker processes raise it, and an exception is sent by its arguments.
        return type(self), (self.file, self.where, self.why)


class BucketErrorKind(StrEnum):
    """Why a bucket could not be used; ``invalid`` is for settings or keys that cannot be right."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    INVALID = "invalid"


class BucketError(Exception):
    """A bucket, or an object in it, that cannot be used; the message is for the user."""

    def __init__(self, kind: BucketErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple[type[BucketError], tuple[BucketErrorKind, str]]:
        # Worker processes raise it, and an exception is sent by its arguments.
        return type(self), (self.kind, str(self))


class ManifestError(MediaError):
    """A manifest that cannot be read; ``line`` is where (0: it ends too soon), ``why`` in words."""

    def __init__(self, name: str, line: int, why: str) -> None:
        where = f"{name}, line {line}" if line else name
        super().__init__(f"{where}: {why}")
        self.name = name
        self.line = line
        self.why = why

    def __reduce__(self) -> tuple[type[ManifestError], tuple[str, int, str]]:
        # Worker processes raise it, and an exception is sent by its arguments.
        return type(self), (self.name, self.line, self.why)


class StoreError(Exception):
    """A store that cannot be opened or used; one clear line for the person at the terminal."""


class TextError(ApiError):
    """400 or 404 whose body is plain words: where CVAT answers without its JSON."""

    status = 400

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
