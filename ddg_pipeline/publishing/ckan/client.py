"""Talking to a CKAN portal: through ckanapi, asked again where it makes sense, with errors that say what to do.

What is asked again, with growing, random pauses: connections that fail or break off, 429, and every 5xx; a
``Retry-After`` is obeyed. Another 4xx never is: the same request would fail the same way. So every request here has to
be one that may reach the portal twice; callers see to it.

The token travels in the headers of requests and nowhere else: not in messages, and not to another host that the portal
redirects a download to.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.ckan.settings import CkanPortal

if TYPE_CHECKING:
    import requests
    import tenacity

_LONGEST_ASKED_FOR: Final = 300.0  # seconds; a portal that asks for more is left until the next run
_PIECE: Final = 1 << 20
_TRY_LATER: Final = 429
_TOO_LARGE: Final = 413
_NO_CACHE: Final = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
_Result = TypeVar("_Result")


class UnansweredError(Exception):
    """The portal did not answer, or not for now; never leaves this package.

    Args:
        what: In words, without anything that the portal said.
        after: Seconds after which it asks to be asked again.
    """

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.after = after


class AbsentError(InputError):
    """What an action is about is not there, or, for an anonymous reader, not to be seen."""

    def __init__(self, portal: CkanPortal, action: str) -> None:
        super().__init__(portal.url, action, "nothing there", "run it again; somebody removed it meanwhile")


class InvalidError(InputError):
    """The portal refused what it was sent, with the fields it names."""

    def __init__(self, portal: CkanPortal, action: str, fields: Mapping[str, Any], *, quote: bool) -> None:
        self.fields = frozenset(map(str, fields)) - {"__type"}
        told = "; ".join(
            f"{name}: {_plain(fields[name])}" if quote else name for name in sorted(self.fields, key=str) if name
        )
        super().__init__(portal.url, action, f"refused ({told or 'no reason given'})", "what the portal accepts")


class PortalClient:
    """One portal, read and written with a token, or read as anybody may.

    Args:
        portal: The portal.
        anonymous: To read without a token, as the public does.

    Raises:
        InputError: The variable with the token is not set.
    """

    def __init__(self, portal: CkanPortal, *, anonymous: bool = False) -> None:
        import ckanapi
        import requests

        self.portal = portal
        self.anonymous = anonymous
        self._session = requests.Session()
        self._session.headers.update(_NO_CACHE)
        # a token, or nothing: without this, whatever stands for the host in ~/.netrc would be sent instead
        self._session.auth = _Authorization(None if anonymous else portal.read_token())
        self._ckan = ckanapi.RemoteCKAN(portal.url, session=self._session)
        self._ckan._request_fn = self._send  # noqa: SLF001 - ckanapi has no other place for retries and streams

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(self, action: str, /, *, already: Callable[[], Any | None] | None = None, **given: Any) -> Any:
        """Call an action of the portal's API, and give its result.

        Args:
            action: The action.
            already: For an action that may not reach the portal twice: asked before it is sent again, because the
                answer may have got lost; what it finds is the result.
            given: What the action takes.

        Raises:
            InvalidError: The portal refuses what was sent.
            InputError: The portal does not answer, or the token does not suffice.
            AbsentError: What the action is about is not there, or, for an anonymous reader, not to be seen.
        """
        return self._act(action, given, already=already)

    def find(self, action: str, /, **given: Any) -> Any | None:
        """Call an action that shows something; None where it is not there, or not to be seen."""
        try:
            return self._act(action, given)
        except AbsentError:
            return None

    def upload(
        self, action: str, path: Path, /, *, already: Callable[[], Any | None] | None = None, **given: str
    ) -> Any:
        """Call an action with a file, which is read piece by piece while it is sent.

        Args:
            action: The action.
            path: The file.
            already: As for `call`.
            given: What else the action takes.

        Raises:
            InvalidError: The portal refuses what was sent.
            InputError: The portal does not answer, or the token does not suffice.
            AbsentError: What the action is about is not there.
        """
        return self._act(action, given, path, already)

    def download_sha256(self, path: str) -> str | None:
        """Hash what the portal gives at a path of its site; None where it gives nothing."""

        def read() -> str | None:
            with self._answer(lambda: self._get(path)) as response:
                if not response.ok:
                    return None
                digest = hashlib.sha256()
                for piece in response.iter_content(_PIECE):
                    digest.update(piece)
                return digest.hexdigest()

        return self._persevere(f"GET {path}", read)

    def gives_a_file(self, path: str) -> bool:
        """Whether the portal itself still gives a file at a path of its site; a link to elsewhere is none."""

        def read() -> bool:
            with self._answer(lambda: self._get(path, follow=False)) as response:
                return bool(response.status_code == 200)

        return self._persevere(f"GET {path}", read)

    def _act(
        self,
        action: str,
        given: Mapping[str, Any],
        path: Path | None = None,
        already: Callable[[], Any | None] | None = None,
    ) -> Any:
        import ckanapi

        sent = False

        def once() -> Any:
            nonlocal sent
            if sent and already is not None and (done := already()) is not None:
                return done
            sent = True
            if path is None:
                return self._ckan.call_action(action, dict(given))
            with path.open("rb") as file:  # from its beginning in every attempt
                return self._ckan.call_action(action, dict(given), files={"upload": (path.name, file)})

        failure: InputError
        try:
            return self._persevere(action, once)
        except ckanapi.NotFound:
            failure = AbsentError(self.portal, action)
        except ckanapi.NotAuthorized:
            failure = AbsentError(self.portal, action) if self.anonymous else self._unauthorized(action)
        except ckanapi.ValidationError as error:
            # what is wrong with rows is told by field only: the portal quotes the row
            quote = not action.startswith("datastore_")
            failure = InvalidError(self.portal, action, error.error_dict, quote=quote)
        except (ckanapi.CKANAPIError, ckanapi.ServerIncompatibleError):
            # it holds the answer, whatever that is
            failure = InputError(
                self.portal.url, action, "an answer that is not CKAN's", "the address of a CKAN portal"
            )
        raise failure  # outside the handlers: their exceptions would be shown as this one's context

    def _unauthorized(self, action: str) -> InputError:
        portal = self.portal
        return InputError(
            portal.url,
            portal.token_variable,
            f"a token that may not do this ({action})",
            f"an API token, not expired, of a user who is an editor of the organization {portal.organization!r}",
        )

    def _send(
        self, url: str, data: Any, headers: dict[str, str], files: Mapping[str, Any] | None, _: Any
    ) -> tuple[int, str]:
        """Send what ckanapi prepared; a file as a stream."""
        if files:
            from requests_toolbelt import MultipartEncoder

            parts = {key.decode(): value.decode() for key, value in data.items()}
            uploads = {name: (*file, "application/octet-stream") for name, file in files.items()}
            data = MultipartEncoder({**parts, **uploads})
            headers = {**headers, "Content-Type": data.content_type}
        response = self._answer(
            lambda: self._session.post(
                url, data=data, headers=headers, allow_redirects=False, timeout=self._timeout, stream=False
            )
        )
        if response.is_redirect:
            raise InputError(self.portal.url, "ckan.url", "a redirection", "the address that the portal itself uses")
        if response.status_code == _TOO_LARGE:
            found = "more than it takes in one request (HTTP 413)"
            expected = "a smaller `ckan.rows_per_call`, or for files a higher limit of the portal; ask its operators"
            raise InputError(self.portal.url, "the portal", found, expected)
        return response.status_code, response.text

    def _get(self, path: str, *, follow: bool = True) -> requests.Response:
        address = f"{self.portal.url}/{path.lstrip('/')}"
        return self._session.get(address, allow_redirects=follow, timeout=self._timeout, stream=True)

    @property
    def _timeout(self) -> tuple[float, float]:
        return self.portal.connect_timeout, self.portal.read_timeout

    def _answer(self, send: Callable[[], requests.Response]) -> requests.Response:
        """Send a request; raise `UnansweredError` where it may be sent again."""
        import requests

        try:
            response = send()
        except requests.exceptions.SSLError:
            raise InputError(
                self.portal.url, "ckan.url", "a certificate that is not trusted", "https that is"
            ) from None
        except requests.exceptions.RequestException as error:
            raise UnansweredError(type(error).__name__) from None
        if response.status_code == _TRY_LATER or response.status_code >= 500:
            response.close()
            raise UnansweredError(f"HTTP {response.status_code}", _seconds(response.headers.get("Retry-After")))
        return response

    def _persevere(self, what: str, once: Callable[[], _Result]) -> _Result:
        import requests
        import tenacity

        def attempt() -> _Result:
            try:
                return once()
            except requests.exceptions.RequestException as error:  # while the answer was read
                raise UnansweredError(type(error).__name__) from None

        asking = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.portal.attempts),
            wait=_Pause(self.portal.longest_wait),
            retry=tenacity.retry_if_exception_type(UnansweredError),
            reraise=True,
        )
        try:
            return asking(attempt)
        except UnansweredError as error:
            found = f"no answer to {what} in {self.portal.attempts} attempts ({error})"
        expected = "a portal that answers; run it again then: what was begun is resumed"
        raise InputError(self.portal.url, "the portal", found, expected)


class _Authorization:
    """Puts the token into a request's headers; nothing that prints this sees it."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = self._token  # requests drops it where another host is redirected to
        return request


class _Pause:
    """As long as the portal asks for, else random and growing."""

    def __init__(self, longest: float) -> None:
        from tenacity import wait_random_exponential

        self._otherwise = wait_random_exponential(multiplier=min(1.0, longest), max=longest)

    def __call__(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.after if isinstance(error, UnansweredError) else None
        return self._otherwise(state) if asked is None else min(asked, _LONGEST_ASKED_FOR)


def _seconds(retry_after: str | None) -> float | None:
    """Read a ``Retry-After``: seconds, or a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        then = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None  # not understood: the growing pause is kept
    if then.tzinfo is None:
        then = then.replace(tzinfo=dt.UTC)
    return max(0.0, (then - dt.datetime.now(dt.UTC)).total_seconds())


def _plain(told: Any) -> str:
    text = "; ".join(map(str, told)) if isinstance(told, list | tuple) else str(told)
    return "".join(letter if letter.isprintable() else " " for letter in text)[:200]
