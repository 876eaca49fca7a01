import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import Knowledge from "./Knowledge.tsx";

const held = { kind: "program", files: 0, passages: 0, documents: [], broken: [], named: [] };

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("after one search and another there is still one place to search", async () => {
  vi.stubGlobal("fetch", async (address: string) => Response.json(String(address).includes("search") ? { passages: [], took_s: 0.01 } : held));
  const user = userEvent.setup();
  render(<Knowledge />);

  for (const words of ["holidays", "travel", "holidays"]) {
    const box = await screen.findByRole("searchbox");
    await user.clear(box);
    await user.type(box, `${words}{Enter}`);
    await screen.findByText("Nothing fits. The model would answer without passages.");
    expect(screen.getAllByRole("searchbox")).toHaveLength(1);
  }
});
