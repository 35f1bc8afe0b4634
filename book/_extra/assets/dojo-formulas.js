// Makes a formula that is wider than its line smaller, as far as it stays legible. What is wider still can be scrolled,
// from the keyboard too.
(() => {
  "use strict";

  const SMALLEST = 14; // pixels of a letter, as in the charts

  const given = new WeakMap(); // sizes that MathJax gave, to match the text around

  function fit(formula) {
    if (!given.has(formula)) given.set(formula, formula.style.fontSize);
    formula.style.fontSize = given.get(formula);
    const box = formula.closest("div.math") ?? formula;
    const wide = Math.max(formula.scrollWidth / formula.clientWidth, box.scrollWidth / box.clientWidth);
    if (!(wide > 1)) return;
    const size = parseFloat(getComputedStyle(formula).fontSize);
    formula.style.fontSize = `${Math.max(Math.floor((10 * size) / wide) / 10, Math.min(SMALLEST, size))}px`;
  }

  function mark() {
    for (const formula of document.querySelectorAll("mjx-container[display]")) fit(formula);
    for (const formula of document.querySelectorAll("mjx-container[display], .dojo-equation, .dojo-symbols")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
  }

  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    mark();
    addEventListener("resize", mark);
  });
})();
