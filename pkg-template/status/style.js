// What the status page looks like: Fluent's measures and colours, light and dark. A style sheet made by script, because a strict policy
// refuses styles in the markup; logical sides, for right to left; in a contrast theme the system's colours win by themselves.

const TEXT = `
  :root {
    color-scheme: light dark;
    --text: #242424; --quiet: #616161; --ground: #fff; --card: #fafafa; --line: #e0e0e0; --edge: #8a8a8a;
    --brand: #0f6cbd; --link: #115ea3; --ok: #0e700e; --failed: #b10e1c; --unknown: #835b00;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --text: #fff; --quiet: #c7c7c7; --ground: #292929; --card: #333; --line: #525252; --edge: #8f8f8f;
      --brand: #115ea3; --link: #62abf5; --ok: #9ad29a; --failed: #f1a5ab; --unknown: #f2d28c;
    }
  }
  body { margin: 0; color: var(--text); background: var(--ground); font: 14px/20px "Segoe UI", system-ui, sans-serif; }
  main { padding: 16px 20px 24px; max-width: 640px; }
  h1 { font-size: 20px; line-height: 28px; font-weight: 600; margin: 0 0 12px; }
  h2 { font-size: 16px; line-height: 22px; font-weight: 600; margin: 24px 0 8px; }
  h3 { font: inherit; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
  p { margin: 0; overflow-wrap: anywhere; }
  ul { list-style: none; margin: 0; padding: 0; }
  a { color: var(--link); }
  code { font: 12px/16px Consolas, ui-monospace, monospace; overflow-wrap: anywhere; }
  [hidden] { display: none !important; }
  .hint, .quiet { color: var(--quiet); font-size: 12px; line-height: 16px; }
  .card { border: 1px solid var(--line); border-radius: 6px; background: var(--card); padding: 12px; }
  .person > :first-child { font-weight: 600; }
  #account-note:not(:empty) { margin-block-start: 8px; }
  .buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 12px; }
  .list { border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
  .list > li { padding: 10px 12px; }
  .list > li + li { border-block-start: 1px solid var(--line); }
  .list p { margin-block-start: 2px; }
  .row { display: flex; gap: 8px; align-items: flex-start; }
  .row > div { flex: 1; min-width: 0; }
  .row > svg { flex: none; margin-block-start: 2px; }
  .ok > .row > svg { color: var(--ok); }
  .failed > .row > svg, .problem > .row > svg { color: var(--failed); }
  .unknown > .row > svg { color: var(--unknown); }
  .ok p { color: var(--quiet); font-size: 12px; line-height: 16px; }
  .todo { font-weight: 600; }
  .hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  #note { margin-block-start: 8px; min-height: 20px; }
  #checks { margin-block-start: 4px; }
  #version { margin-block-start: 24px; }
  label { display: block; margin-block: 4px; }
  textarea { display: block; box-sizing: border-box; width: 100%; height: 120px; font: 12px/16px Consolas, ui-monospace, monospace; color: inherit; background: none; border: 1px solid var(--edge); border-radius: 4px; }
  button {
    min-width: 96px; min-height: 32px; padding: 5px 12px; font: inherit; font-weight: 600; cursor: pointer;
    color: inherit; background: var(--ground); border: 1px solid var(--edge); border-radius: 4px;
  }
  button:hover { background: var(--card); }
  button.main { color: #fff; background: var(--brand); border-color: var(--brand); }
  button.main:hover { filter: brightness(0.9); }
  button.small { min-width: 0; min-height: 24px; padding: 1px 8px; font-weight: 400; margin-block-start: 6px; }
  button[aria-disabled=true] { color: var(--quiet); cursor: default; }
  :focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
  button.main:focus-visible { outline-color: var(--text); }
`;

export function dress(document) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(TEXT);
  document.adoptedStyleSheets = [sheet];
}
