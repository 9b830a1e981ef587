"""Which lines of the list may not be sent through the cluster, and how a line is shown."""

import re

# Ray encrypts nothing by default, so an address with a password or a query stays on the machine that reads the list.
_HAS_PLAIN_USER = re.compile(r"(ssh://)?[A-Za-z0-9._+-]+@[^@]*")
# Covers more than the rules of keysweep do: it only shortens a name.
_TOKEN = re.compile(r"(?i)(sk_|whsec_)[A-Za-z0-9_+/=-]{8,}")


def is_path(line: str) -> bool:
    """Whether the line is a path, by the rule of keysweep: no colon before the first slash."""
    first = re.search("[/:]", line)
    return first is None or first.group() == "/"


def refusal(line: str) -> str | None:
    """Why the line may not be sent, if so."""
    if is_path(line):
        return None
    if "@" in line and not _HAS_PLAIN_USER.fullmatch(line):
        return "it may contain a login, which Ray would send unencrypted"
    if "?" in line or "#" in line:
        return "it has a query or a fragment, which may be a secret"
    return None


def shown(line: str) -> str:
    """The line without login, query and tokens."""
    text = line.encode("utf-8", "replace").decode()
    if not is_path(text):
        before, at, after = text.rpartition("@")
        if at and not _HAS_PLAIN_USER.fullmatch(text):
            scheme = before[: before.find("://") + 3] if "://" in before else ""
            text = f"{scheme}…@{after}"
        text = re.split("[?#]", text, maxsplit=1)[0]
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return _TOKEN.sub(r"\1…", text)
