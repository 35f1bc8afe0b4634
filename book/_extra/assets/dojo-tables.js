// Gives every table a button that copies it as CSV, with the values before they were rounded for the page, heads that
// sort it, and a long one a field that filters its rows. Of a very long one the page shows the first rows, until the
// reader asks for all or searches among them.
(() => {
  "use strict";

  const FILTERED_FROM = 15; // rows: fewer are in view at once
  const SHORTENED_FROM = 25; // rows: more push the text below them out of reach
  const SHOWN = 12; // rows of a shortened table
  const LATER = "dojo-later";

  // A row stays while it holds every word; the status says how many do, to a screen reader too.
  function filter(rows) {
    const label = document.createElement("label");
    const field = document.createElement("input");
    field.type = "search";
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/);
      for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
      const shown = rows.filter((row) => !row.hidden).length;
      status.textContent = shown < rows.length ? `${shown} of ${rows.length} rows` : "";
    });
    label.append("Filter rows ", field);
    const line = document.createElement("div");
    line.className = "dojo-filter";
    line.append(label, " ", status);
    return line;
  }

  // Rows after the first ones wait for a button, which goes once it has shown them.
  function shorten(table, field) {
    const body = table.tBodies[0];
    const more = document.createElement("button");
    more.type = "button";
    more.className = "dojo-copy dojo-rows";
    more.textContent = `Show all ${body.rows.length} rows`;
    let all = false;
    const place = () => {
      const whole = all || field.value.trim() !== "";
      for (const [at, row] of [...body.rows].entries()) row.classList.toggle(LATER, !whole && at >= SHOWN);
      more.hidden = whole;
    };
    more.addEventListener("click", () => {
      all = true;
      place();
    });
    field.addEventListener("input", place);
    table.addEventListener("sorted", place);
    addEventListener("hashchange", () => document.querySelector(`tr.${LATER}:target`) && more.click());
    place();
    if (body.querySelector(`tr.${LATER}:target`)) more.click();
    return more;
  }

  function cellText(cell) {
    const text = cell.querySelector("data")?.getAttribute("value") ?? cell.textContent;
    const bare = text === "\u2013" ? "" : text; // an en dash stands for what is not known
    return /[",\n]/.test(bare) ? `"${bare.replaceAll('"', '""')}"` : bare;
  }

  function csv(table) {
    const shown = [...table.rows].filter((row) => !row.hidden);
    return shown.map((row) => [...row.cells].map(cellText).join(",")).join("\n") + "\n";
  }

  function key(row, column) {
    const cell = row.cells[column];
    const value = cell?.querySelector("data")?.getAttribute("value");
    if (value !== undefined && value !== null && value !== "" && !Number.isNaN(Number(value))) return Number(value);
    const text = cell?.textContent.trim() ?? "";
    return text === "\u2013" ? "" : text; // what is not known comes last, whichever way
  }

  function order(a, b) {
    if (a === "" || b === "") return (a === "") - (b === "");
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }

  // A head sorts by its column, first upwards and then downwards; the third time the table is as it came.
  function sortable(table) {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
    const body = table.tBodies[0];
    if (!body || body.rows.length < 3 || table.querySelector("[rowspan], [colspan]")) return;
    const came = [...body.rows];
    for (const [column, head] of heads.entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Sort by this column";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const way = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] ?? "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        if (way !== "none") head.setAttribute("aria-sort", way);
        const sign = way === "descending" ? -1 : 1;
        const keyed = came.map((row) => [key(row, column), row]);
        if (way !== "none")
          keyed.sort(([a], [b]) => (a === "" || b === "" ? order(a, b) : sign * order(a, b)));
        body.append(...keyed.map(([, row]) => row));
        table.dispatchEvent(new Event("sorted"));
      });
    }
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // A page that is neither local nor served over https has no clipboard; a selection still can be copied.
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      if (!copied) throw new Error("the browser refused to copy");
    }
  }

  for (const box of document.querySelectorAll(".dojo-table")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "dojo-copy";
    button.textContent = "Copy as CSV";
    const answer = document.createElement("span");
    answer.setAttribute("role", "status");
    answer.className = "dojo-copied";
    button.addEventListener("click", async () => {
      const done = await copy(csv(box.querySelector("table"))).then(() => true, () => false);
      answer.textContent = done ? "Copied" : "Could not copy: select the table instead";
      setTimeout(() => (answer.textContent = ""), 4000);
    });
    box.after(button, answer);
    sortable(box.querySelector("table"));
    const rows = [...box.querySelectorAll("tbody tr")];
    if (rows.length < FILTERED_FROM) continue;
    const line = filter(rows);
    box.before(line);
    if (rows.length >= SHORTENED_FROM) button.before(shorten(box.querySelector("table"), line.querySelector("input")), " ");
  }
})();
