"""boto3's converse_stream, read in the thread that asked: what most people write."""

import boto3
from bedrock_counting import MODEL, QUESTION, Counting, answers


def main(wanted: int) -> None:
    client = boto3.client("bedrock-runtime")
    counting = Counting()
    for _ in range(wanted):
        counting.begin()
        chars = 0
        asked = [{"role": "user", "content": [{"text": QUESTION}]}]
        for event in client.converse_stream(modelId=MODEL, messages=asked)["stream"]:
            if "contentBlockDelta" in event:
                chars += len(event["contentBlockDelta"]["delta"]["text"])
        counting.end(chars)
    counting.report()


main(answers())
