import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// scripts/setup-page names a folder of its own, and moves it when all went well.
const out = process.env["PAGE_OUT"] ?? here("../src/penstock/page");
const penstock = { target: "http://127.0.0.1:8000", ws: true };

export default defineConfig({
  plugins: [react(), pagesByAddress()],
  // Relative, because the server may be mounted anywhere; it writes its root before "./" in the pages.
  base: "./",
  build: {
    outDir: out,
    emptyOutDir: true,
    manifest: "manifest.json",
    // The page carries other people's code, and so their terms.
    license: { fileName: "licenses.md" },
    // The Content-Security-Policy allows what comes from the server and nothing else.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [here("index.html"), here("admin.html")] },
  },
  server: {
    proxy: Object.fromEntries(["/api", "/auth", "/v1", "/logo", "/embed.js"].map((path) => [path, penstock])),
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});

/** While developing: the owner's view is at all its addresses, as the server has it. The chat is at all others anyway. */
function pagesByAddress(): Plugin {
  return {
    name: "pages-by-address",
    configureServer: (server) => {
      server.middlewares.use((request, _response, next) => {
        if (/^\/admin(\/|\?|$)/.test(request.url ?? "")) request.url = "/admin.html";
        next();
      });
    },
  };
}
