// What Unified Interface does for the application ribbon: a hidden frame of the same origin in which it runs the
// libraries of enable rules, one after the other.

const LIBRARIES = ["/ribbon.js"];

export function startRibbon() {
  const frame = document.createElement("iframe");
  frame.id = "ClientApiFrame_crm_header_global";
  frame.src = "/uclient/blank.html";
  frame.hidden = true;
  frame.addEventListener("load", async () => {
    frame.contentWindow.Xrm = window.Xrm;
    const broker = window.Xrm.Utility.getGlobalContext().getWebResourceUrl("talxis_tokenmanagement.js");
    for (const library of [broker, ...LIBRARIES]) await load(frame.contentDocument, library);
  });
  document.body.append(frame);
}

function load(doc, address) {
  return new Promise((resolve, reject) => {
    const script = doc.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`The ribbon library ${address} could not be loaded.`));
    doc.head.append(script);
  });
}
