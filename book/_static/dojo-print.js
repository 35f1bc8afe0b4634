// Paper is white: a page that is read in dark colours is printed in light ones.
(() => {
  "use strict";

  const page = document.documentElement;
  let read = page.dataset.theme;
  addEventListener("beforeprint", () => {
    read = page.dataset.theme;
    page.dataset.theme = "light";
  });
  addEventListener("afterprint", () => (page.dataset.theme = read));
})();
