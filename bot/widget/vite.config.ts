import { defineConfig } from "vite";

/** One classic file: it runs from a module tag and from a plain one, and imports nothing. */
export default defineConfig({
  build: {
    target: "es2021",
    outDir: "../pages/static/widget",
    emptyOutDir: true,
    cssMinify: true,
    lib: { entry: "src/index.ts", formats: ["iife"], name: "Wenjin", fileName: () => "wenjin-chat.js" },
  },
});
