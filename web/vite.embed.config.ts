import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** embed.js: one classic script without dependencies, at an address that never changes. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: process.env["PAGE_OUT"] ?? here("../src/penstock/page"),
    emptyOutDir: false,
    lib: { entry: here("src/embed/main.ts"), name: "PenstockButton", formats: ["iife"], fileName: () => "embed.js" },
  },
});
