// Makes a formula that is wider than its line reachable from the keyboard, so that it can be scrolled.
(() => {
  "use strict";

  function mark() {
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
