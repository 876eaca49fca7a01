// Lets the official openai client ask, and prints what it got.
// In (stdin): {"baseURL", "request": {...}, "options": {...}, "models": bool, "maxRetries": 0}.
// Out: {"chunks": [...]} or {"completion": {...}}, and {"error": {...}} beside what came before it.
import OpenAI from "openai";

let given = "";
for await (const piece of process.stdin) given += piece;
const { baseURL, request, options, models, maxRetries = 0 } = JSON.parse(given);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries });
const found = {};
try {
  if (models) {
    found.models = [];
    for await (const model of client.models.list()) found.models.push(model.id);
  } else if (request.stream) {
    found.chunks = [];
    for await (const chunk of await client.chat.completions.create(request, options)) found.chunks.push(chunk);
  } else {
    found.completion = await client.chat.completions.create(request, options);
  }
} catch (error) {
  const { status, message, code, type } = error;
  found.error = { name: error.constructor.name, status, message, code, type, body: error.error };
}
console.log(JSON.stringify(found));
