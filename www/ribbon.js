// A ribbon library, running in ClientApiFrame_crm_header_global right after the broker's. In a real environment the
// broker finds its configuration in an environment variable; the demo has no Dataverse, so it is handed over here.

(async () => {
  const { broker } = await (await fetch("/demo.json")).json();
  window.talxisBroker.configure(broker);
})();
