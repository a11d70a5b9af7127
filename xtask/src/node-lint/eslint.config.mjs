// Every rule of Microsoft's Solution Checker as an error, and nothing that makes code of text. Comments in a script switch nothing off.
import powerApps from "@microsoft/eslint-plugin-power-apps";

// A warning for Microsoft too: the broker draws its own dialog and starts its own script in the page, and its pages are documents of ours.
const WARNS = "avoid-dom-form";
const rules = Object.keys(powerApps.rules).map((name) => [`@microsoft/power-apps/${name}`, name === WARNS ? "warn" : "error"]);

export default [
  {
    files: ["**/*.js"],
    plugins: { "@microsoft/power-apps": powerApps },
    linterOptions: { noInlineConfig: true },
    languageOptions: { ecmaVersion: 2022, sourceType: "script" },
    rules: { ...Object.fromEntries(rules), "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error", "no-script-url": "error" },
  },
  { files: ["**/npm/*.js"], languageOptions: { sourceType: "module" } },
];
