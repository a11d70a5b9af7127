// `pcf-scripts` looks for this file, and lints before it builds.

import powerApps from "@microsoft/eslint-plugin-power-apps";
import typescript from "typescript-eslint";

export default [
  { ignores: ["**/generated", "out", "node_modules"] },
  ...typescript.configs.recommended,
  { plugins: { "@microsoft/power-apps": powerApps }, rules: powerApps.configs.paCheckerHosted.rules },
];
