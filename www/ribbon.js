// The Application Ribbon that a solution brought, read from its XML (powerapps.md §1.2): which controls hang on which bar, in which
// language, which functions of which web resources decide whether they show, and which one a click calls.

import { environment } from "/environment.js";
import { globalContext } from "/xrm/context.js";

const LIBRARY = "$webresource:";
const LABEL = "$LocLabels:";

// Where the controls of a bar hang. powerapps.md §1.1 [V]
const PLACES = {
  global: /^Mscrm\.GlobalTab\./,
  form: /^Mscrm\.Form\.\{!EntityLogicalName\}\./,
  grid: /^Mscrm\.HomepageGrid\.\{!EntityLogicalName\}\./,
  // These have the controls of another, if they have any: switches decide.
  quickcreate: /^Mscrm\.Form\.\{!EntityLogicalName\}\./,
  dashboard: /^Mscrm\.GlobalTab\./,
};

const ribbon = environment.ribbon && new DOMParser().parseFromString(environment.ribbon, "text/xml");

/** The controls of a bar, in their order; none without a ribbon. */
export function controlsOf(bar) {
  if (!ribbon) return [];
  return [...ribbon.querySelectorAll("CustomAction")]
    .filter((action) => PLACES[bar].test(action.getAttribute("Location")))
    .flatMap((action) => [...action.querySelectorAll("Button")])
    .sort((one, other) => one.getAttribute("Sequence") - other.getAttribute("Sequence"))
    .map(control);
}

function control(button) {
  const command = byId("CommandDefinitions > CommandDefinition", button.getAttribute("Command"));
  const rules = [...command.querySelectorAll("EnableRules > EnableRule")];
  return {
    id: button.getAttribute("Id"),
    label: text(button.getAttribute("LabelText")),
    description: text(button.getAttribute("ToolTipDescription")),
    image: button.getAttribute("ModernImage").replace(LIBRARY, ""),
    rules: rules.flatMap((rule) => {
      const definition = byId("RuleDefinitions > EnableRules > EnableRule", rule.getAttribute("Id"));
      return [...definition.querySelectorAll("CustomRule")].map((custom) => ({
        ...call(custom),
        default: custom.getAttribute("Default") === "true",
        inverted: custom.getAttribute("InvertResult") === "true",
      }));
    }),
    actions: [...command.querySelectorAll("Actions > JavaScriptFunction")].map(call),
  };
}

function call(node) {
  return {
    functionName: node.getAttribute("FunctionName"),
    library: node.getAttribute("Library").replace(LIBRARY, ""),
    parameters: [...node.children].map((parameter) => {
      const value = parameter.getAttribute("Value");
      switch (parameter.tagName) {
        case "BoolParameter": return value === "true";
        case "IntParameter": case "DecimalParameter": return Number(value);
        case "StringParameter": return value;
        default: return null; // Of what is selected, which the look-alike does not tell.
      }
    }),
  };
}

function text(reference) {
  const { languageId } = globalContext().userSettings;
  const titles = byId("LocLabels > LocLabel", reference.replace(LABEL, "")).querySelector("Titles");
  const title = titles.querySelector(`Title[languagecode="${languageId}"]`) ?? titles.firstElementChild;
  return title.getAttribute("description");
}

function byId(selector, id) {
  const found = [...ribbon.querySelectorAll(selector)].find((node) => node.getAttribute("Id") === id);
  if (!found) throw new Error(`The ribbon has no ${selector} with the id ${id}.`);
  return found;
}
