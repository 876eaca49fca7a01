"""aiobotocore's converse_stream."""

from aiobotocore.session import get_session
from bedrock_counting import MODEL, QUESTION, Counting, answers, runner


async def main(wanted: int) -> None:
    counting = Counting()
    async with get_session().create_client("bedrock-runtime") as client:
        for _ in range(wanted):
            counting.begin()
            chars = 0
            asked = [{"role": "user", "content": [{"text": QUESTION}]}]
            response = await client.converse_stream(modelId=MODEL, messages=asked)
            async for event in response["stream"]:
                if "contentBlockDelta" in event:
                    chars += len(event["contentBlockDelta"]["delta"]["text"])
            counting.end(chars)
    counting.report()


run = runner()
run(main(answers()))
