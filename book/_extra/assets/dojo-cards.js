// Filters the cards of claims by verdict, subject, article and words, keeps the choice in the address, and opens the card
// that an address names.
(() => {
  "use strict";

  const box = document.querySelector(".dojo-cards");
  if (!box) return;
  const cards = [...box.querySelectorAll(".dojo-card")];
  const chosen = new Map();
  const FIRST = 40; // cards in view before a reader asks for more
  let all = false;
  const more = document.createElement("button");
  more.type = "button";
  more.className = "btn btn-sm dojo-more";
  more.textContent = `Show all ${cards.length} claims`;
  more.addEventListener("click", () => {
    all = true;
    show();
  });
  const status = document.createElement("p");
  status.setAttribute("role", "status");

  function show() {
    let count = 0;
    const every = all || [...chosen.values()].some(Boolean);
    for (const card of cards) {
      const text = card.textContent.toLowerCase();
      const fits = [...chosen].every(([key, value]) =>
        !value || (key === "words" ? value.split(/\s+/).every((word) => text.includes(word)) : card.dataset[key] === value));
      card.hidden = !fits || (!every && count >= FIRST);
      count += fits ? 1 : 0;
    }
    more.hidden = every || count <= FIRST;
    if (!every) count = Math.min(count, FIRST);
    status.textContent = `${count} of ${cards.length} claims`;
  }

  function select(name, key) {
    const values = [...new Set(cards.map((card) => card.dataset[key]))];
    const label = document.createElement("label");
    const field = document.createElement("select");
    field.append(new Option(`all`, ""));
    for (const value of values) {
      const count = cards.filter((card) => card.dataset[key] === value).length;
      field.append(new Option(`${value} (${count})`, value));
    }
    field.addEventListener("change", () => {
      chosen.set(key, field.value);
      show();
    });
    label.append(`${name} `, field);
    return label;
  }

  const words = document.createElement("label");
  const field = document.createElement("input");
  field.type = "search";
  field.addEventListener("input", () => {
    chosen.set("words", field.value.trim().toLowerCase());
    show();
  });
  words.append("Words ", field);
  const line = document.createElement("div");
  line.className = "dojo-card-filter";
  line.append(select("Verdict", "verdict"), select("Subject", "subject"), select("Article", "article"), words);
  box.before(line, status);
  box.after(more);

  function open() {
    const card = cards.find((one) => `#${one.id}` === decodeURIComponent(location.hash));
    if (!card) return;
    card.hidden = false;
    card.open = true;
    card.scrollIntoView();
  }

  addEventListener("hashchange", open);
  show();
  open();
})();
