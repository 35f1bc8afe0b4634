// The search fetches each page that it lists, to show where the words stand. They came with window.dojoWords, so that it
// needs no server for that.
(() => {
  "use strict";

  const fetched = window.fetch.bind(window);
  window.fetch = (address, ...rest) => {
    const name = String(address).replace(/^\.\//, "").replace(/\.html$/, "");
    const words = window.dojoWords?.[name];
    return words === undefined ? fetched(address, ...rest) : Promise.resolve(new Response(words));
  };
})();
