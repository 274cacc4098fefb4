"""Settings come from flags, then the environment, then defaults."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from cvat_lite.cli import main
from cvat_lite.cli.arguments import parse
from cvat_lite.cli.settings import ENVIRONMENT_ONLY, SettingError, read, variable
from cvat_lite.config import Config


def test_a_flag_goes_before_the_environment_and_that_before_the_default(tmp_path) -> None:
    words = ["--data-dir", str(tmp_path)]
    assert read(parse(words), {}).port == 8080
    assert read(parse(words), {"CVAT_LITE_PORT": "81"}).port == 81
    assert read(parse([*words, "--port", "82"]), {"CVAT_LITE_PORT": "81"}).port == 82


def test_every_setting_can_be_made_in_the_environment(tmp_path) -> None:
    share, ui = tmp_path / "share", tmp_path / "ui"
    share.mkdir()
    ui.mkdir()
    (ui / "index.html").write_text("")
    wanted = Config(
        data_dir=tmp_path / "data",
        host="localhost",
        port=1,
        share=share,
        ui=ui,
        no_login=True,
        admin_password="secret",
        allowed_hosts=("a.example", ".b.example"),
        trusted_origins=("https://c.example",),
        allow_private_addresses=True,
        cache_bytes=2 * 2**30,
        max_json_bytes=3,
        max_upload_bytes=2**40,
        max_image_pixels=5,
        background_workers=6,
        export_lifetime=7.5,
        session_lifetime=8,
        rate_limit_per_minute=9,
    )
    environment = {
        "CVAT_LITE_DATA_DIR": str(tmp_path / "data"),
        "CVAT_LITE_HOST": "localhost",
        "CVAT_LITE_PORT": "1",
        "CVAT_LITE_SHARE": str(share),
        "CVAT_LITE_UI": str(ui),
        "CVAT_LITE_NO_LOGIN": "yes",
        "CVAT_LITE_ADMIN_PASSWORD": "secret",
        "CVAT_LITE_ALLOWED_HOSTS": "a.example, .b.example",
        "CVAT_LITE_TRUSTED_ORIGINS": "https://c.example",
        "CVAT_LITE_ALLOW_PRIVATE_ADDRESSES": "1",
        "CVAT_LITE_CACHE_BYTES": "2GiB",
        "CVAT_LITE_MAX_JSON_BYTES": "3",
        "CVAT_LITE_MAX_UPLOAD_BYTES": "1t",
        "CVAT_LITE_MAX_IMAGE_PIXELS": "5",
        "CVAT_LITE_BACKGROUND_WORKERS": "6",
        "CVAT_LITE_EXPORT_LIFETIME": "7.5",
        "CVAT_LITE_SESSION_LIFETIME": "8",
        "CVAT_LITE_RATE_LIMIT_PER_MINUTE": "9",
    }
    assert read(parse([]), environment) == wanted


def test_every_setting_is_a_flag_or_explained_in_the_help() -> None:
    flags = vars(parse(["serve"]))
    told = {field.name for field in fields(Config)} - {"extra"}
    assert told == {name for name in told if name in flags or name in ENVIRONMENT_ONLY}
    assert set(ENVIRONMENT_ONLY) <= told


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert read(parse([]), {"CVAT_LITE_SHARE": "", "CVAT_LITE_PORT": ""}).share is None


def test_a_checkout_keeps_its_data_beside_the_package() -> None:
    checkout = Path(__file__).resolve().parents[2]
    # Started there, Python takes the checkout's package, whatever else is installed.
    code = (
        "from cvat_lite.cli.arguments import parse; from cvat_lite.cli.settings import read; "
        "print(read(parse([]), {}).data_dir)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == checkout / "data"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--port", "eighty"], "--port"),
        (["--port", "-1"], "--port"),
        (["--port", "70000"], "70000"),
        (["--share", "/no/such/place"], "/no/such/place"),
        (["--ui", "/no/such/place"], "index.html"),
        (["--no-login", "--host", "0.0.0.0"], "0.0.0.0"),
        (["--no-login", "--host", "example.org"], "example.org"),
        (["--trusted-origin", "example.org"], "https://example.org"),
        (["--trusted-origin", "https://example.org/x"], "https://example.org"),
    ],
)
def test_a_bad_flag_ends_in_one_line_and_no_server(words, name, capsys, tmp_path) -> None:
    assert main([*words, "--data-dir", str(tmp_path / "data")]) == 1
    said = capsys.readouterr().err
    assert name in said
    assert said.startswith("cvat-lite: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no_login", "perhaps"),
        ("cache_bytes", "much"),
        ("cache_bytes", "-1"),
        ("background_workers", "0"),
        ("export_lifetime", "nan"),
        ("session_lifetime", "inf"),
    ],
)
def test_a_bad_variable_is_named(name, value) -> None:
    with pytest.raises(SettingError, match=variable(name)):
        read(parse([]), {variable(name): value})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_without_a_login_it_listens_on_addresses_of_this_machine_only(host) -> None:
    assert read(parse(["--no-login", "--host", host]), {}).no_login
