import { expect, test } from "vitest";

import type { Moment } from "../wire.ts";
import { reasonOf } from "./reason.ts";

const moment = (kind: Moment["kind"], what: string, detail: Moment["detail"] = {}): Moment => ({ at_s: 1, since_s: 1, attempt: 1, kind, what, detail });

test("the reason of a failure is the note before it, and no other note", () => {
  const trimmed = moment("noted", "trimmed", { turns: 3 });

  expect(reasonOf([trimmed, moment("noted", "failed", { reason: "answered 401" }), moment("failed", "model")])).toBe("answered 401");
  expect(reasonOf([trimmed, moment("failed", "model")])).toBe("");
});
