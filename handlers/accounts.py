"""The users and clients of a sandbox at run time."""

from typing import TYPE_CHECKING, Any

from handlers.paging import paged
from services.identity import client_accounts, user_accounts
from utils.http import Request, Response, success

if TYPE_CHECKING:
    from models.account_bodies import AccountsQuery, ClientBody, UserBody


def put_user(request: Request, body: "UserBody") -> Response:
    """Register a user.

    Or replace the one of this username, whatever its case, of the seed too. Another password, or a scope less, ends the
    user's sessions and tokens at once.

    Answers:
        200: The user, who was there before.
        201: The user, who is new.
    """
    user, is_new = user_accounts.put(request.sandbox, request.path_parameters["username"], body)
    return _put(request, user, is_new=is_new)


def show_user(request: Request) -> Response:
    """Read a user.

    Of the seed or registered; never with a password or its hash.

    Answers:
        200: The user.
    """
    return success(request, user_accounts.show(request.sandbox, request.path_parameters["username"]))


def list_users(request: Request, query: "AccountsQuery") -> Response:
    """List users.

    Those of the seed and those registered in the sandbox, in order of their usernames.

    Answers:
        200: A page of users. The header `Link` leads to the next one, if there is one.
    """
    page = user_accounts.page(request.sandbox, query)
    return paged(request, page.entries, page.next_cursor, limit=query.limit)


def delete_user(request: Request) -> Response:
    """Delete a user.

    One of the seed is gone from this sandbox alone, until it is reset. The user's sessions and tokens end.

    Answers:
        204: There is no such user any more.
    """
    user_accounts.remove(request.sandbox, request.path_parameters["username"])
    return Response(204)


def put_client(request: Request, body: "ClientBody") -> Response:
    """Register a client.

    Or replace the one of this id, of the seed too. Another secret, a scope or a grant type less ends the client's
    tokens at once.

    Answers:
        200: The client, which was there before.
        201: The client, which is new.
    """
    client, is_new = client_accounts.put(request.sandbox, request.path_parameters["client_id"], body)
    return _put(request, client, is_new=is_new)


def show_client(request: Request) -> Response:
    """Read a client.

    Of the seed or registered; never with a secret or its hash.

    Answers:
        200: The client.
    """
    return success(request, client_accounts.show(request.sandbox, request.path_parameters["client_id"]))


def list_clients(request: Request, query: "AccountsQuery") -> Response:
    """List clients.

    Those of the seed and those registered in the sandbox, in order of their ids.

    Answers:
        200: A page of clients. The header `Link` leads to the next one, if there is one.
    """
    page = client_accounts.page(request.sandbox, query)
    return paged(request, page.entries, page.next_cursor, limit=query.limit)


def delete_client(request: Request) -> Response:
    """Delete a client.

    One of the seed is gone from this sandbox alone, until it is reset. The client's tokens end.

    Answers:
        204: There is no such client any more.
    """
    client_accounts.remove(request.sandbox, request.path_parameters["client_id"])
    return Response(204)


def _put(request: Request, account: Any, *, is_new: bool) -> Response:
    location = {"Location": request.url(request.path)} if is_new else {}
    return success(request, account, status=201 if is_new else 200, headers=location)
