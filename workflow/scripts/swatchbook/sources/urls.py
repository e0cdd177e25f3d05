"""URLs: what may be shown of one, which origin it has and where a redirect may lead."""

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import unquote, urljoin, urlsplit

from swatchbook.errors import DownloadError


def redacted(url: str) -> str:
    """The URL without what may be secret in it: user, password and query."""
    try:
        parts = urlsplit(url)
        # A password with a slash in it is no password to the URL: it stands where the port should.
        _ = parts.port
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else "", fragment=""
        ).geturl()
    except ValueError:
        return "an address that is not a URL"


def redirect_target(url: str, location: str, *, is_private: bool) -> str:
    """Where a redirect of `url` to `location` leads.

    Parameters
    ----------
    is_private
        Whether the request began with credentials. What it is redirected to may then be as good as
        a password (a signed URL, for one), even if the credentials themselves do not go there.

    Raises
    ------
    DownloadError
        If it leads away from HTTP, or takes a private request from https to http.
    """
    try:
        target = _without_userinfo(urljoin(url, location))
        scheme, host, _ = origin(target)
    except ValueError:
        scheme, host = "", None
    if scheme not in ("http", "https") or not host:
        raise DownloadError("the server redirects to no http(s) address", where=redacted(url))
    if is_private and urlsplit(url).scheme == "https" and scheme == "http":
        raise DownloadError(
            "the server redirects a request with credentials from https to http",
            where=redacted(url),
            hint=f"it would have gone to {redacted(target)}",
        )
    return target


def split_credentials(url: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Move user and password from the URL, where they would be shown, into a header."""
    try:
        parts = urlsplit(url)
        credentials = dict(headers)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            credentials["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        return _without_userinfo(url), credentials
    except ValueError:
        raise DownloadError("is not an http(s) address", where=redacted(url)) from None


def _without_userinfo(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
