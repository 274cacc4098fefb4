"""Settings: flags, then the environment (``CVAT_LITE_*``), then defaults, made into a Config."""

from __future__ import annotations

import ipaddress
import re
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import cvat_lite
from cvat_lite.config import Config

PREFIX = "CVAT_LITE_"
#: Settings without a flag, as ``serve --help`` explains them.
ENVIRONMENT_ONLY = {
    "admin_password": "the administrator's password at the first start",
    "allow_private_addresses": "1 to reach private networks: remote files, webhooks, buckets",
    "background_workers": "how many background requests run at a time (2)",
    "cache_bytes": "the size of the cache of chunks and previews (2G)",
    "max_json_bytes": "the largest body that is not an upload (512M)",
    "max_upload_bytes": "the largest upload (1T)",
    "max_image_pixels": "the largest image, in pixels (500000000)",
    "export_lifetime": "how long results of exports are kept (86400)",
    "session_lifetime": "how long a login lasts (1209600)",
    "rate_limit_per_minute": "logins that may be tried a minute (100)",
    "function_timeout": "how long a function that annotates may take for a frame (60)",
    "smtp_url": "where mail goes out, smtp[s]://[user:password@]host[:port]; else it is logged",
    "email_from": "the sender of mail (cvat-lite@localhost)",
    "credentials_key": "a long secret that seals credentials of buckets; else credentials.key does",
    "confirm_invitations": "1 to let invited people accept or decline; else they are in at once",
}
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
SIZE = re.compile(r"^(\d+)\s*([KMGT]?)(?:I?B)?$", re.IGNORECASE)
YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off")
LARGEST_PORT = 65535
SHORTEST_KEY = 32


class SettingError(Exception):
    """A setting or a word of the command line that cannot be used; one clear line."""


def variable(name: str) -> str:
    """The environment variable of a field of Config."""
    return f"{PREFIX}{name.upper()}"


def read(options: Namespace, environment: Mapping[str, str]) -> Config:
    """The checked settings; SettingError names the flag or variable whose value is bad."""
    kinds = get_type_hints(Config)
    values: dict[str, Any] = {}
    for field in fields(Config):
        if field.default is MISSING and field.name != "data_dir":
            continue
        given = getattr(options, field.name, None)
        source = f"--{field.name.replace('_', '-')}"
        if given is None:
            source = variable(field.name)
            given = environment.get(source) or None
        if given is not None:
            values[field.name] = convert(field.name, kinds[field.name], given, source)
    values.setdefault("data_dir", default_data_dir())
    config = Config(**values)
    check(config)
    return config


def convert(name: str, kind: Any, given: Any, source: str) -> Any:
    """A value of the field's type from what a flag or a variable holds."""
    if kind is bool:
        return to_bool(given, source)
    if kind in (int, float):
        return to_number(name, kind, str(given), source)
    if kind in (Path, Path | None):
        return Path(given).expanduser().absolute()
    if kind == tuple[str, ...]:
        words = given.split(",") if isinstance(given, str) else given
        return tuple(word.strip() for word in words if word.strip())
    return given


def to_bool(given: Any, source: str) -> bool:
    """Yes or no, in the usual words."""
    word = str(given).lower()
    if word not in (*YES, *NO):
        raise SettingError(f"{source}: {given!r} is neither 1 nor 0.")
    return word in YES


def to_number(name: str, kind: Any, given: str, source: str) -> Any:
    """A number that is not negative; sizes may have a unit."""
    if name.endswith("_bytes"):
        match = SIZE.match(given.strip())
        if match is None:
            raise SettingError(f"{source}: {given!r} is not a size such as 512M or 2G.")
        return int(match[1]) * UNITS[match[2].upper()]
    try:
        number = kind(given)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise SettingError(f"{source}: {given!r} is not a number that can be used.")
    return number


def check(config: Config) -> None:
    """Refuse settings that make no sense, in one line each."""
    if config.port > LARGEST_PORT:
        raise SettingError(f"The port {config.port} is not between 0 and {LARGEST_PORT}.")
    if config.share is not None and not config.share.is_dir():
        raise SettingError(f"The share {config.share} is not a directory.")
    if config.ui is not None and not (config.ui / "index.html").is_file():
        raise SettingError(f"The folder {config.ui} has no index.html to serve.")
    if config.functions is not None and not config.functions.is_file():
        raise SettingError(f"The file of functions {config.functions} is not there.")
    if config.credentials_key is not None and len(config.credentials_key) < SHORTEST_KEY:
        raise SettingError(
            f"{variable('credentials_key')}: at least {SHORTEST_KEY} characters are needed."
        )
    if config.background_workers < 1:
        raise SettingError(f"{variable('background_workers')}: at least 1 is needed.")
    if config.no_login and not is_loopback(config.host):
        raise SettingError(
            f"Without a login only this machine may be served, not {config.host}: leave out "
            "--no-login, or listen on 127.0.0.1."
        )
    for origin in config.trusted_origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
            raise SettingError(f"The origin {origin!r} is not of the form https://example.org.")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def default_data_dir() -> Path:
    """``data/`` of the checkout that the package lies in, else the user's own directory."""
    beside = Path(cvat_lite.__file__).resolve().parent.parent
    if (beside / "setup.cfg").is_file() and (beside / "run.py").is_file():
        return beside / "data"
    from platformdirs import user_data_path  # noqa: PLC0415  # a checkout has no use for it

    return user_data_path("cvat-lite", appauthor=False)
