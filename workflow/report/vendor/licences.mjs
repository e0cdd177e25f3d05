// Writes the licence texts of everything that plot.min.js has in it, each once.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const { inputs } = JSON.parse(readFileSync("node_modules/.inputs.json", "utf8"));
const names = new Set(
  Object.keys(inputs)
    .map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean),
);
const parts = [...names].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence`);
  const text = readFileSync(`${folder}/${file}`, "utf8").trim();
  return `${name} ${packages[folder].version}\n\n${text}\n`;
});
writeFileSync("LICENCES.txt", parts.join(`\n${"-".repeat(72)}\n\n`));
