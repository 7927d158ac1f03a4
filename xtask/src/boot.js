// Makes the islands of a server-rendered page interactive.

// Outer islands come first, for inner ones may use what they provide: `enter` restores the context
// of the island around a node, and leptos keeps it on the element that holds that island's children.
async function hydrate(node, app, enter) {
  if (node.localName === "leptos-island") {
    const island = app[node.dataset.component];
    enter?.();
    if (island) await island(node);
    else console.warn(`No island is named ${node.dataset.component}.`);
  } else if (node.localName === "leptos-children") {
    enter = node.$$on_hydrate;
  }
  for (const child of node.children) await hydrate(child, app, enter);
}

const { dataset } = document.documentElement;
try {
  // Both downloads start at once; the module would otherwise wait for its script.
  const [app, module_or_path] = await Promise.all([import("/app.js"), fetch("/app.wasm")]);
  await app.default({ module_or_path });
  app.hydrate();
  await hydrate(document.body, app);
  dataset.wasm = "ready";
} catch (error) {
  // Not an error to whoever looks at the page: links and forms work without.
  console.info("This page runs without WebAssembly:", error);
  dataset.wasm = "failed";
}
