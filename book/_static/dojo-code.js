// Code is for those who ask for it: one switch shows or hides all of a page's, and a mark beside each output shows
// what computed it. What is folded with its output, such as the answer to an exercise, opens by itself.
// Without scripts every piece of code stays folded where it is.
(() => {
  "use strict";

  const page = document.documentElement;
  const KEY = "dojo-code";

  function remembered() {
    try {
      return localStorage.getItem(KEY) === "on";
    } catch {
      return false; // a page from disk may have no storage
    }
  }

  function show(on, button, folds) {
    page.dataset.code = on ? "on" : "off";
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Hide the code" : "Show the code";
    for (const fold of folds) fold.open = on;
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // nothing is remembered then
    }
  }

  addEventListener("DOMContentLoaded", () => {
    const folds = [...document.querySelectorAll(".bd-content div.cell:not(.tag_hide-cell) details.hide")];
    const buttons = document.querySelector(".article-header-buttons");
    if (!document.querySelector(".bd-content div.cell details.hide") || !buttons) return;
    for (const fold of folds) fold.querySelector("summary").title = "Show the code behind this";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm dojo-code-switch";
    button.addEventListener("click", () => show(page.dataset.code !== "on", button, folds));
    buttons.prepend(button);
    show(remembered(), button, folds);
  });
})();
