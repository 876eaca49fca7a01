"""What a user of Penstock would write, with the synthetic upstream as its model (OPENAI_BASE_URL)."""

from penstock import Assistant

assistant = Assistant(model="openai/synthetic")
