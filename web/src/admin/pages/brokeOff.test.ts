import { expect, test } from "vitest";

import { adminEn } from "../../words/admin-en.ts";
import { brokeOff } from "./brokeOff.ts";

test("why an attempt was begun is told of the attempt before it", () => {
  expect(adminEn.turn.before(brokeOff("model_cut"), 1)).toBe("attempt 1 broke off: model cut");
});
