"""``GET /players/{player_id}`` as most would write it: by FastAPI, Mangum and boto3. ``cold-players`` compares with it.

It does what ours does: one batched read for the token's liveness and the player, an answer by its model.
"""

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()
dynamodb = boto3.resource("dynamodb")
table_name = os.environ["TABLE_NAME"]


class Player(BaseModel):
    """A player."""

    player_id: str
    username: str
    email: str
    display_name: str
    country: str | None
    language: str | None
    status: str
    created_at: datetime
    updated_at: datetime


class Meta(BaseModel):
    """What is said about an answer."""

    request_id: str


class Answer(BaseModel):
    """The answer."""

    data: Player
    meta: Meta


def context(request: Request) -> dict[str, Any]:
    """What the gateway says of the request."""
    found: dict[str, Any] = request.scope["aws.event"]["requestContext"]
    return found


type Context = Annotated[dict[str, Any], Depends(context)]


@app.get("/players/{player_id}")
def show(player_id: str, context: Context, response: Response) -> Answer:
    """The player, for a bearer who is alive."""
    claims = context["authorizer"]["lambda"]
    sandbox = claims["sandbox"]
    keys = [
        {"pk": f"{sandbox}#family#{claims['jti'].partition('.')[0]}", "sk": "-"},
        {"pk": f"{sandbox}#user#{claims['sub']}", "sk": "-"},
        {"pk": f"{sandbox}#players", "sk": player_id},
    ]
    found = dynamodb.batch_get_item(RequestItems={table_name: {"Keys": keys, "ConsistentRead": True}})
    items = {item["pk"]: item for item in found["Responses"][table_name]}
    family, user, player = (items.get(key["pk"]) for key in keys)
    now = datetime.now(UTC).timestamp()
    if not int(claims["nbf"]) <= now < int(claims["exp"]) or family is None or "revoked_at" in family:
        raise HTTPException(401)
    if user is not None and user["status"] != "active":
        raise HTTPException(401)
    if player is None:
        raise HTTPException(404)
    response.headers["X-Request-Id"] = context["requestId"]
    return Answer(data=Player(player_id=player_id, **player), meta=Meta(request_id=context["requestId"]))


handler = Mangum(app, lifespan="off")
