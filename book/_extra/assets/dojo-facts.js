// Searches the facts: words and facets leave rows, the address after # holds what was asked, and links lead to readings.
(() => {
  "use strict";

  const SHOWN = 25; // rows, and as many more for each press of the button
  const form = document.querySelector("form.dojo-facts");
  const found = document.querySelector(".dojo-found");
  const { columns, rows } = window.dojoFacts;
  const at = Object.fromEntries(columns.map((name, i) => [name, i]));
  const facets = [...form.querySelectorAll("select")].map((one) => one.name);
  const text = rows.map((row) => row.join(" ").replaceAll("_", " ").toLowerCase());
  let shown = SHOWN;

  function make(tag, content, attributes = {}) {
    const one = document.createElement(tag);
    one.append(...[content].flat());
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    return one;
  }

  function show() {
    const words = form.elements.words.value.toLowerCase().split(/\s+/);
    const left = rows.filter(
      (row, i) =>
        words.every((word) => text[i].includes(word)) &&
        facets.every((name) => !form.elements[name].value || row[at[name]] === form.elements[name].value),
    );
    const heads = ["Thing", "Quantity", "Value", "90 % interval", "Kind", "Date", "Source"];
    const body = left.slice(0, shown).map((row) => {
      const link = make("a", row[at.entity_name], { href: `facts/${row[at.entity]}.html#${row[at.anchor]}` });
      const quantity = [row[at.quantity], row[at.reading]].filter(Boolean).join(", ").replaceAll("_", " ");
      const cells = [quantity, row[at.printed], row[at.printed_interval], row[at.kind], row[at.date], row[at.source]];
      return make("tr", [make("th", link, { scope: "row" }), ...cells.map((one) => make("td", one || "–"))]);
    });
    const table = make("table", [
      make("thead", make("tr", heads.map((one) => make("th", one, { scope: "col" })))),
      make("tbody", body),
    ]);
    const status = make("p", `${left.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} facts`, { role: "status" });
    const box = make("div", table, { class: "dojo-table", role: "region", tabindex: "0", "aria-label": "Facts found" });
    found.replaceChildren(status, box);
    if (left.length > shown) {
      const more = make("button", "Show more", { type: "button", class: "dojo-copy" });
      more.addEventListener("click", () => {
        shown += SHOWN;
        show();
      });
      found.append(more);
    }
  }

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of ["words", ...facets]) form.elements[name].value = asked.get(name) ?? "";
    show();
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    shown = SHOWN;
    const asked = [...new FormData(form)].filter(([, value]) => value);
    history.replaceState(null, "", `#${new URLSearchParams(asked)}`);
    show();
  });
  addEventListener("hashchange", read);
  read();
})();
