// Paper is white and unfolds nothing: a page that is read in dark colours is printed in light ones, with its answers and cards.
(() => {
  "use strict";

  const page = document.documentElement;
  const FOLDED = ".bd-content :is(div.cell.tag_hide-cell details.hide, details.dojo-card):not([open])";
  let read = page.dataset.theme;
  let opened = [];
  addEventListener("beforeprint", () => {
    read = page.dataset.theme;
    page.dataset.theme = "light";
    opened = [...document.querySelectorAll(FOLDED)];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    page.dataset.theme = read;
    for (const fold of opened) fold.open = false;
  });
})();
