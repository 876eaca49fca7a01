/** What the server refused, or that it was not reached: the one error that the wire throws. */

import { fields, number, text } from "../log/event.ts";

// Nothing was written down, and the same request may well succeed in a moment.
const PASSING = new Set(["unreachable", "shutting_down", "body_too_slow"]);
const PROXY_SAYS_LATER = new Set([502, 503, 504]);

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** For programs, with underscores: "not_found". "unreachable": nobody answered. "unknown": not in our language. */
  readonly code: string;
  readonly status: number;
  readonly retryAfterS: number;

  constructor(message: string, code: string, status = 0, retryAfterS = 0) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterS = retryAfterS;
  }

  /** Whether to try again without asking anybody. */
  get passing(): boolean {
    return PASSING.has(this.code) || (this.code === "unknown" && PROXY_SAYS_LATER.has(this.status));
  }
}

export function unreachable(): ApiError {
  return new ApiError("The server cannot be reached.", "unreachable");
}

/** The error in a response: a problem document (RFC 9457), or whatever a proxy sent instead. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body = fields(await response.json().catch(() => null));
  const type = text(body["type"]);
  const retryAfterS = Number(response.headers.get("retry-after")) || 0;
  if (!type.startsWith("urn:penstock:")) {
    return new ApiError(
      `The server answered with an error (${response.status}).`,
      "unknown",
      response.status,
      retryAfterS,
    );
  }
  const code = type.slice("urn:penstock:".length).replaceAll("-", "_");
  return new ApiError(text(body["detail"]), code, response.status, retryAfterS);
}

/** The error in a message of the socket, or in a stream of events. */
export function told(message: unknown): ApiError {
  const said = fields(message);
  return new ApiError(text(said["message"]), text(said["code"]) || "unknown", 0, number(said["retryAfterS"]));
}

/** Anything that was thrown, as the one error there is. */
export function asApiError(thrown: unknown): ApiError {
  return thrown instanceof ApiError ? thrown : new ApiError("Something went wrong in this page.", "unknown");
}
