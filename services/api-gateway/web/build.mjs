// Bundles the sources into the package of the gateway and writes what they were: so that a test can tell,
// without node, whether the committed bundle belongs to the committed sources.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TARGET = join(HERE, "../src/api_gateway/dashboard");
const COPIED = ["index.html", "favicon.svg"];
const SOURCES = ["build.mjs", "shapes.py", "package.json", "package-lock.json", "tsconfig.json", ...COPIED, "src"];
const MOST_GZIPPED_BYTES = 250_000;

const files = (path) =>
  statSync(path).isDirectory()
    ? readdirSync(path).flatMap((name) => files(join(path, name)))
    : [path];
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const hashes = (base, paths) =>
  Object.fromEntries(paths.map((path) => [relative(base, path), sha256(path)]).sort());

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
await build({
  absWorkingDir: HERE,
  entryPoints: { app: "src/main.tsx" },
  outdir: TARGET,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "eof",
  charset: "utf8",
});
for (const name of COPIED) copyFileSync(join(HERE, name), join(TARGET, name));

const made = files(TARGET);
const gzipped = made.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
if (gzipped > MOST_GZIPPED_BYTES) throw new Error(`${gzipped} bytes gzipped, ${MOST_GZIPPED_BYTES} are allowed`);
const manifest = {
  sources: hashes(HERE, SOURCES.flatMap((name) => files(join(HERE, name)))),
  files: hashes(TARGET, made),
};
writeFileSync(join(TARGET, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
console.log(`dashboard: ${made.length} files, ${(gzipped / 1000).toFixed(1)} kB gzipped`);
