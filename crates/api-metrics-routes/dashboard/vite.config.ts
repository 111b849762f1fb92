import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// A running admin to develop against: API_METRICS_ADMIN=http://127.0.0.1:3000/admin npm run dev
const admin = process.env.API_METRICS_ADMIN;

export default defineConfig({
  // Relative: the page is mounted wherever its host wants it.
  base: "./",
  // All text passes src/ui/jsx.
  plugins: [react({ jsxImportSource: "#shown" })],
  build: {
    outDir: process.env.DASHBOARD_OUT ?? "dist",
    emptyOutDir: true,
    target: "es2022",
    // No script may stand in the page itself.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
        manualChunks: (id: string) => {
          if (/node_modules\/(echarts|zrender|tslib)\//.test(id)) return "echarts";
          if (/node_modules\/(react|react-dom|scheduler|@tanstack)\//.test(id)) return "react";
          return undefined;
        },
      },
    },
  },
  server: admin
    ? {
        proxy: Object.fromEntries(
          [
            "/api-metrics",
            "/api-alerts",
            "/api-keys",
            "/api-price-plans",
            "/api-requests",
            "/api-status",
            "/session",
            "/openapi.json",
          ].map((path) => [path, { target: admin, changeOrigin: false }]),
        ),
      }
    : {},
});
