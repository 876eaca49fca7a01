"""A whole assistant with a model in Bedrock: settings, engine, durable log, and a reader of it."""

from contextlib import aclosing

from bedrock_counting import MODEL, QUESTION, Counting, answers, runner

from penstock import Assistant
from penstock.core.events import Text
from penstock.core.question import Person, Question

ME = Person("local", "me")


async def main(wanted: int) -> None:
    counting = Counting()
    async with Assistant(model=f"bedrock/{MODEL}").opened() as opened:
        for number in range(wanted):
            counting.begin()
            chars = 0
            question = Question(f"bench:{number}", f"local:bench:{number}", ME, QUESTION)
            turn = (await opened.engine.ask(question)).received.turn.id
            async with aclosing(opened.engine.follow(ME, turn)) as news:
                async for entries in news:
                    chars += sum(len(entry.event.text) for entry in entries if isinstance(entry.event, Text))
            counting.end(chars)
    counting.report()


run = runner()
run(main(answers()))
