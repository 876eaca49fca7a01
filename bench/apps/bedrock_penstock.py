"""Penstock's model for Bedrock and nothing else of Penstock: what a function would run."""

import os

from bedrock_counting import MODEL, QUESTION, Counting, answers, runner

from penstock.aws import credentials
from penstock.aws.endpoints import endpoint
from penstock.aws.http import Service
from penstock.core.events import Text
from penstock.core.prompt import Prompt
from penstock.core.question import Message
from penstock.http import Client
from penstock.models.bedrock import Bedrock, ids
from penstock.models.bedrock.converse import Converse


def build() -> Bedrock:
    client, region, named = Client(), credentials.region(os.environ), ids.parse(MODEL)
    service = Service(
        "bedrock-runtime",
        region=region,
        client=client,
        credentials=credentials.chain(os.environ, client),
        endpoint_url=endpoint("bedrock-runtime", region, os.environ),
    )
    return Bedrock(named, api=Converse(named), service=service, owned=client)


async def main(wanted: int) -> None:
    model, counting = build(), Counting()
    for _ in range(wanted):
        counting.begin()
        chars = 0
        async for event in model.stream(Prompt((Message("user", QUESTION),))):
            if isinstance(event, Text):
                chars += len(event.text)
        counting.end(chars)
    await model.close()
    counting.report()


run = runner()
run(main(answers()))
