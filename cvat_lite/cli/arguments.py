"""What can be typed after ``cvat-lite``, and what ``--help`` says about it."""

from __future__ import annotations

import argparse
import textwrap
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cvat_lite import API_VERSION, __version__
from cvat_lite.cli import move_arguments
from cvat_lite.cli.settings import ENVIRONMENT_ONLY, variable
from cvat_lite.domain.people import GROUPS

if TYPE_CHECKING:
    # The name of argparse's class for sub-commands; it is not public at run time.
    Commands = argparse._SubParsersAction["Parser"]  # noqa: SLF001

WORDS = ("-h", "--help", "--version")


class Parser(ArgumentParser):
    """A parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is, and end with status 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parse(arguments: Sequence[str]) -> Namespace:
    """The options of a command line; ``serve`` is the command where none is named.

    Ends the process with status 2 for words it does not understand, and with 0 after ``--help``.
    """
    words = list(arguments)
    if not words or (words[0].startswith("-") and words[0] not in WORDS):
        words.insert(0, "serve")
    return build_parser().parse_args(words)


def build_parser() -> ArgumentParser:
    """The parser of all commands."""
    parser = Parser(
        prog="cvat-lite",
        description="CVAT's REST API in one process, with SQLite and local files.",
        epilog="Without a command it serves. 'cvat-lite COMMAND --help' tells more about one.",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"cvat-lite {__version__} (the API of CVAT {API_VERSION})",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    add_serve(commands)
    add_open(commands)
    add_user(commands)
    add_import(commands)
    add_snapshot(commands)
    add_seed(commands)
    add_moves(commands)
    return parser


def add_serve(commands: Commands) -> None:
    """``cvat-lite serve``."""
    lines = "\n".join(f"  {variable(name):<36} {text}" for name, text in ENVIRONMENT_ONLY.items())
    parser = commands.add_parser(
        "serve",
        help="start the server (what happens without a command)",
        description="Start the server. The first start makes the store and its administrator, "
        "and prints the password once.",
        epilog=textwrap.dedent(
            """\
            Each option can be set in the environment instead: --data-dir is CVAT_LITE_DATA_DIR.
            These are set in the environment only (sizes as 512M or 2G, times in seconds):
            """
        )
        + lines,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_data_dir(parser)
    add_address(parser)
    add_for_programs(parser)
    parser.add_argument(
        "--share", type=Path, metavar="DIR", help="a directory that users may take media from"
    )
    parser.add_argument(
        "--no-login",
        action="store_true",
        default=None,
        help="whoever comes from this machine is the administrator; loopback addresses only",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        dest="allowed_hosts",
        metavar="NAME",
        help="a further host name to answer to, '.example.org' for all below it, '*' for any; "
        "may be repeated",
    )
    parser.add_argument(
        "--trusted-origin",
        action="append",
        dest="trusted_origins",
        metavar="URL",
        help="another site, as https://example.org, whose pages may use sessions; may be repeated",
    )
    parser.add_argument(
        "--function",
        action="append",
        metavar="NAME=WHAT",
        help="a function that annotates: a Python file or module of cvat-sdk's auto-annotation "
        "protocol, which runs in a process of its own; may be repeated",
    )
    parser.add_argument(
        "--functions",
        type=Path,
        metavar="FILE",
        help="a file (YAML or JSON) that lists functions served elsewhere over HTTP",
    )


def add_for_programs(parser: ArgumentParser) -> None:
    """The options of ``serve`` for programs and test suites that start a server."""
    parser.add_argument(
        "--ephemeral",
        action="store_true",
        help="serve a new, temporary store that goes when the process ends; allows snapshots",
    )
    parser.add_argument(
        "--seed",
        type=Path,
        metavar="FILE",
        help="first make what the file describes, as 'cvat-lite seed' does",
    )
    parser.add_argument(
        "--print-json",
        action="store_true",
        help="print url, username, password, token and pid as one line of JSON, and no greeting",
    )
    parser.add_argument(
        "--follow-stdin",
        action="store_true",
        help="stop when the standard input ends, as it does when the program that started the "
        "server is gone",
    )
    parser.add_argument(
        "--allow-snapshots",
        action="store_true",
        default=None,
        help="let administrators save and restore snapshots while the server runs",
    )


def add_open(commands: Commands) -> None:
    """``cvat-lite open``."""
    parser = commands.add_parser(
        "open",
        help="annotate the images, or the video, of a directory",
        description="Start a server for one person, make a task of the images (or the video) "
        "in a directory where they lie, without copying them, and open the browser at it. The "
        "same directory opens the same task again. Whoever comes from this machine is the "
        "administrator.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="where the media lies")
    parser.add_argument(
        "--labels",
        default="",
        metavar="NAMES",
        help="labels of the new task, separated by commas: car,person",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address and open no browser"
    )
    add_data_dir(parser)
    add_address(parser)
    parser.set_defaults(no_login=True)


def add_user(commands: Commands) -> None:
    """``cvat-lite user add|passwd|list``."""
    parser = commands.add_parser(
        "user",
        help="add and list users, and set their passwords",
        description="Look after the users of a store, whether its server runs or not.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser(
        "add", help="add a user", description="Add a user; asks for the password."
    )
    add.add_argument("username", help="the name to log in with")
    add.add_argument("--email", default="", help="an address, to log in with as well")
    add.add_argument("--first-name", default="", metavar="NAME", help="the first name")
    add.add_argument("--last-name", default="", metavar="NAME", help="the last name")
    add.add_argument(
        "--group",
        action="append",
        dest="groups",
        choices=GROUPS,
        help="what the user may do; may be repeated (default: user)",
    )
    add.add_argument("--admin", action="store_true", help="make the user an administrator")
    passwd = actions.add_parser(
        "passwd",
        help="set a user's password",
        description="Set a user's password; asks for it. The user's sessions and API token end.",
    )
    passwd.add_argument("username", help="the name of the user")
    for action in (add, passwd):
        action.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of the standard input",
        )
        add_data_dir(action)
    add_data_dir(actions.add_parser("list", help="list the users", description="List the users."))


def add_import(commands: Commands) -> None:
    """``cvat-lite import-cvat``."""
    parser = commands.add_parser(
        "import-cvat",
        help="bring a full CVAT into a new store",
        description="Bring what 'manage.py dumpdata' of a CVAT 2.73 writes, with its data "
        "directory, into a new or empty store. All ids stay as they were, users log in with "
        "their old passwords, and access tokens go on working. If anything is wrong, nothing is "
        "written.",
    )
    parser.add_argument(
        "--dump", type=Path, required=True, metavar="FILE", help="the dump, a JSON file"
    )
    parser.add_argument(
        "--files",
        type=Path,
        required=True,
        metavar="FILE|DIR",
        help="CVAT's data directory, or an archive of it (cvat_data.tar.bz2)",
    )
    add_data_dir(parser)


def add_snapshot(commands: Commands) -> None:
    """``cvat-lite snapshot save|list|restore|delete``."""
    parser = commands.add_parser(
        "snapshot",
        help="save the whole state under a name, and go back to it",
        description="Save the whole state under a name and go back to it: of a store whose "
        "server does not run (--data-dir), or of a running server (--url) that was started with "
        "--allow-snapshots. Media are not copied; they stay as long as a snapshot needs them.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action, text in (
        ("save", "save the state under a name"),
        ("list", "list the snapshots"),
        ("restore", "go back to a snapshot"),
        ("delete", "remove a snapshot, and the media that only it needs"),
    ):
        one = actions.add_parser(action, help=text, description=f"{text.capitalize()}.")
        if action != "list":
            one.add_argument("name", metavar="NAME", help="the name of the snapshot")
        if action == "save":
            one.add_argument(
                "--replace", action="store_true", help="in place of one that has the name"
            )
        add_data_dir(one)
        one.add_argument("--url", metavar="URL", help="the address of a running server")
        one.add_argument("--username", metavar="NAME", help="an administrator of that server")
        one.add_argument("--password", help="the administrator's password")
        one.add_argument("--token", help="the administrator's API token, instead")


def add_seed(commands: Commands) -> None:
    """``cvat-lite seed``."""
    parser = commands.add_parser(
        "seed",
        help="make users, projects, tasks and annotations from a file",
        description="Make what a YAML file describes: users, organizations, projects, tasks with "
        "images, labels, annotations. The server of the store must not run. If anything is wrong "
        "with the file, nothing is made. docs/seed.md tells what can be written.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the description, in YAML")
    add_data_dir(parser)


def add_moves(commands: Commands) -> None:
    """``cvat-lite push`` and ``cvat-lite pull``."""
    push = commands.add_parser("push", help="move projects and tasks to a full CVAT")
    move_arguments.fill(push, "to")
    pull = commands.add_parser("pull", help="bring projects and tasks of a full CVAT here")
    move_arguments.fill(pull, "from")
    for parser in (push, pull):
        add_data_dir(parser)


def add_data_dir(parser: ArgumentParser) -> None:
    """``--data-dir``, which every command takes."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where the store and its files are (default: data/ of a checkout, else the user's "
        "directory for application data)",
    )


def add_address(parser: ArgumentParser) -> None:
    """The options of the commands that start a server."""
    parser.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", help="the port to listen on, 0 for any that is free (default: 8080)"
    )
    parser.add_argument(
        "--ui",
        type=Path,
        metavar="DIR",
        help="a folder of static files, such as a build of CVAT's web client, to serve at /",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="log requests and what the server does"
    )
