// Scenarios and tables that a page or the library wrote, read back: every number of the file, bit for bit.
(() => {
  "use strict";
  const MOST = 1 << 16; // characters of a file, as the library has it
  const TABLES = ["options", "inputs"], KEYS = ["model", "outputs", ...TABLES];
  const HEADER = ["what", "name", "label", "value", "low", "high", "unit", "source"];
  class Refused extends Error {}
  const refuse = (line, words) => { throw new Refused(line ? `line ${line}: ${words}` : words); };
  const listed = (names) => [...names].slice(0, 8).join(", ") + (names.length > 8 ? " and others" : "");

  // --- TOML, as far as a scenario needs it: strings, numbers, flags, lists of them, and two tables.
  function toml(text) {
    const found = { lines: {}, options: {}, inputs: {} }, lineAt = (at) => text.slice(0, at).split("\n").length;
    let at = 0, table = found, where = "";
    const skip = (ends) => { for (;;) { const gap = text.slice(at).match(ends ? /^(?:[ \t\r\n]+|#[^\n]*)/ : /^(?:[ \t\r]+|#[^\n]*)/); if (!gap) return; at += gap[0].length; } };
    const take = (pattern) => { const piece = text.slice(at).match(pattern); if (piece) at += piece[0].length; return piece; };
    function value() {
      let piece;
      if ((piece = take(/^"(?:[^"\\\n]|\\.)*"/))) { try { return JSON.parse(piece[0]); } catch { return refuse(lineAt(at), `${piece[0]} is no text in quotes`); } }
      if ((piece = take(/^'([^'\n]*)'/))) return piece[1];
      if ((piece = take(/^(true|false)\b/))) return piece[1] === "true";
      if ((piece = take(/^[+-]?\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d[\d_]*)?(?![\w.])/))) return Number(piece[0].replaceAll("_", ""));
      if (take(/^\[/)) {
        const list = [];
        for (;;) {
          skip(true);
          if (take(/^\]/)) return list;
          list.push(value());
          skip(true);
          if (!take(/^,/) && text[at] !== "]") refuse(lineAt(at), "a list wants a comma or its end");
        }
      }
      return refuse(lineAt(at), `“${text.slice(at).split("\n")[0].slice(0, 40)}” is no number, text in quotes, or list of them`);
    }
    for (skip(true); at < text.length; skip(true)) {
      const line = lineAt(at), head = take(/^\[[ \t]*([\w-]+)[ \t]*\]/);
      if (head) {
        if (!TABLES.includes(head[1])) refuse(line, `there is no table [${head[1]}] in a scenario; it has ${listed(TABLES)}`);
        [table, where] = [found[head[1]], `${head[1]}.`];
      } else {
        const key = take(/^(?:"([\w.-]+)"|([\w-]+))[ \t]*=[ \t]*/), name = key?.[1] ?? key?.[2];
        if (!key) refuse(line, `“${text.slice(at).split("\n")[0].slice(0, 40)}” is neither a [table] nor a name with a value`);
        if (!where && !KEYS.slice(0, 2).includes(name)) refuse(line, `“${name}” is unknown; a scenario has ${listed(KEYS)}`);
        if (found.lines[where + name]) refuse(line, `“${name}” stands twice`);
        found.lines[where + name] = line;
        table[name] = value();
      }
      skip(false);
      if (at < text.length && text[at] !== "\n") refuse(lineAt(at), `“${text.slice(at).split("\n")[0].slice(0, 40)}” follows what is complete`);
    }
    return found;
  }

  // --- The table that a page writes.
  function cells(text) {
    const rows = [[""]];
    let quoted = false;
    for (let i = 0; i < text.length; i++) {
      const row = rows.at(-1), last = row.length - 1, one = text[i];
      if (quoted) { if (one !== '"') row[last] += one; else if (text[i + 1] === '"') row[last] += text[i++]; else quoted = false; }
      else if (one === '"') quoted = true;
      else if (one === ",") row.push("");
      else if (one === "\n") rows.push([""]);
      else if (one !== "\r") row[last] += one;
    }
    return rows;
  }
  function csv(text) {
    const [head, ...rows] = cells(text), found = { lines: {}, options: {}, inputs: {}, outputs: [] };
    if (head.includes("entity")) refuse(1, "this is a table of facts, such as of a chip of your own. The library reads it, and makes this page with that chip: chain_calculator(chips=[…], book=catalogue(…))");
    for (const name of HEADER) if (!head.includes(name)) refuse(1, `the column “${name}” is missing; a table has ${HEADER.join(", ")}`);
    rows.forEach((row, k) => {
      const line = k + 2, [what, name, value, low, high] = ["what", "name", "value", "low", "high"].map((column) => row[head.indexOf(column)] ?? "");
      if (row.length === 1 && row[0] === "") return;
      if (row.length !== head.length) refuse(line, `${head.length} cells were expected, ${row.length} came`);
      const key = { model: "model", option: `options.${name}`, input: `inputs.${name}`, output: `output.${name}` }[what];
      if (!key) refuse(line, `“${what}” is no kind of row; there are model, option, input and output`);
      if (found.lines[key]) refuse(line, `“${name}” stands twice`);
      found.lines[key] = line;
      if (what === "model") found.model = value;
      else if (what === "option") found.options[name] = value;
      else if (what === "output") { if (value !== "") found.outputs.push(name); }
      else if (value !== "") {
        const ends = [value, low || value, high || value].map((one) => (one.trim() === "" ? NaN : Number(one)));
        if (!ends.every(Number.isFinite)) refuse(line, `${name} wants numbers, not “${[value, low, high].filter(Boolean).join(", ")}”`);
        found.inputs[name] = ends;
      }
    });
    return found;
  }

  globalThis.dojoRead = (data, tools) => {
    const { exactly } = tools.numbers, label = (name) => data.names[name]?.label ?? name;
    // Edits of V. I. Levenshtein (1966) between two names.
    function edits(one, other) {
      let row = Array.from({ length: other.length + 1 }, (_, j) => j);
      for (let i = 1; i <= one.length; i++) row = row.reduce((next, above, j) => [...next, j ? Math.min(above + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] !== other[j - 1])) : i], []);
      return row[other.length];
    }
    function nearest(name, known) {
      const [near] = known.map((one) => [edits(name, one) + edits([...name].sort(), [...one].sort()) / 100, one]).sort((a, b) => a[0] - b[0]);
      return near && near[0] < Math.max(3, name.length / 3) ? `; did you mean ${near[1]}?` : "";
    }
    function picksOf(file) {
      const picks = {};
      for (const [name, value] of Object.entries(file.options)) {
        const line = file.lines[`options.${name}`];
        if (data.options[name] !== undefined && data.options[name] !== value) refuse(line, `this page has ${name} = “${data.options[name]}” alone; the library reads “${value}”`);
        if (data.options[name] === undefined && !data.picks[name]) refuse(line, `“${name}” is no option here${nearest(name, Object.keys(data.picks))}`);
        if (!data.picks[name]) continue;
        const keys = data.picks[name].map(([key]) => key);
        if (!keys.includes(value)) refuse(line, `“${value}” is none of what ${name} can be${nearest(String(value), keys)}`);
        picks[name] = value;
      }
      for (const [name, choices] of Object.entries(data.picks)) {
        const own = picks[name] ?? data.defaults[name] ?? choices[0][0];
        if (!choices.some(([key]) => key === own)) refuse(0, `it states no ${name}, and “${own}”, which the library then takes, is not in this page`);
        picks[name] = own;
      }
      return picks;
    }
    // What a file gives for an input, as a reader's own, and the numbers that it then has to have.
    function ownOf(name, given, entry, line) {
      const { unit, low = -Infinity, high = Infinity, above, below } = data.names[name];
      if (typeof given === "string") {
        const [, fact, reading] = given.match(/^([a-z][\w-]*\.[a-z]\w*)(?:\[(.*)\])?$/) ?? [];
        if (fact) {
          if (entry.fact !== fact) refuse(line, `${label(name)} comes from ${entry.fact ?? "no fact"} here, not from ${fact}; the library reads it`);
          if (reading !== undefined && !entry.readings.some((one) => one[0] === reading)) refuse(line, `${fact} has no reading “${reading}”${nearest(reading, entry.readings.map((one) => one[0]))}`);
          if (reading === undefined) return { own: { k: true }, target: entry };
          const [, v, l, h] = entry.readings.find((one) => one[0] === reading);
          return { own: { r: reading }, target: { v, l, h } };
        }
      }
      const number = (one) => {
        const found = typeof one === "string" ? exactly(one, name) : { value: one };
        if (found.error) refuse(line, found.error);
        return found.value;
      };
      const ends = (Array.isArray(given) ? given : [given, given, given]).map(number);
      if (ends.length !== 3 || !ends.every((one) => typeof one === "number" && Number.isFinite(one))) refuse(line, `${label(name)} wants a number, or three: value, low, high; each in ${unit === "1" ? "plain numbers" : unit}`);
      if (!(ends[1] <= ends[0] && ends[0] <= ends[2])) refuse(line, `${label(name)}: the value must lie between its ends`);
      for (const x of ends) if (x < low || x > high || (above && x === low) || (below && x === high)) refuse(line, `${label(name)} cannot be ${tools.numbers.say(name, x)}`);
      const plain = entry.l === entry.h && ends[1] === ends[2];
      return { own: plain ? { v: ends[0] } : { v: ends[0], l: ends[1], h: ends[2] }, target: { v: ends[0], l: ends[1], h: ends[2] } };
    }
    const same = (one, other) => Object.is(one.v, other.v) && Object.is(one.l, other.l) && Object.is(one.h, other.h);

    // The state of a question that has every input of the file, or null where the question cannot hold them.
    function stateOf(question, presets, picks, wants) {
      const base = { ...tools.fresh(question.id), picks, presets };
      const chips = wants.get("chips")?.own, bare = { ...base, own: chips && question.answer !== "chips" ? { chips } : {} };
      const seeks = question.sought && chips ? chips.v : null, own = { ...bare.own };
      for (let again = 0; again < 3; again++) { // what is set may end a layout, which then leaves other inputs to be set
        const now = tools.resolve({ ...bare, own }, seeks);
        now.inputs.forEach((one) => {
          if (seeks !== null && one.name === question.answer) return;
          const want = wants.get(one.name), target = want ? want.target : data.pool[now.base[tools.place(now, one.name)]];
          if (!same(one, target) || want?.own.r !== undefined) own[one.name] = want ? want.own : { k: true };
        });
      }
      const state = { ...base, own };
      if (seeks !== null) {
        const values = tools.valuesWith(tools.resolve(state, seeks), question.answer, seeks);
        state.wanted = { [question.sought]: values(question.sought) };
      }
      const after = tools.compute(state);
      const held = after.inputs.every((one) => {
        const want = wants.get(one.name), target = want ? want.target : data.pool[after.base[tools.place(after, one.name)]];
        return same(one, target);
      });
      return held ? state : null;
    }

    // {state, notes}, or {error} in words, and then nothing was read.
    function read(text, before) {
      try {
        if (text.length > MOST) refuse(0, `a scenario has at most ${MOST.toLocaleString("en-US")} characters`);
        const clean = text.replace(/^\ufeff/, "");
        if (!clean.trim()) refuse(0, "there is nothing in it");
        const file = /^\s*("?what"?|"?entity"?)\s*,/.test(clean) ? csv(clean) : toml(clean);
        if (typeof file.model !== "string") refuse(file.lines.model ?? 0, "it names no model");
        if (file.model !== data.model) refuse(file.lines.model, `it is about the model “${file.model}”, and this page asks “${data.model}”; the library reads it`);
        const picks = picksOf(file), probe = tools.resolve({ ...before, picks, own: {} });
        const { inputs, steps } = probe.variant, outputs = file.outputs ?? [];
        if (!Array.isArray(outputs)) refuse(file.lines.outputs, "outputs wants a list of names");
        for (const name of outputs) if (!steps.includes(name)) refuse(file.lines.outputs ?? file.lines[`output.${name}`], `there is no output “${name}”${nearest(String(name), steps)}`);
        const wants = new Map();
        for (const [name, given] of Object.entries(file.inputs)) {
          const line = file.lines[`inputs.${name}`];
          if (steps.includes(name)) refuse(line, `${label(name)} is computed in this page; the library takes it as given`);
          if (!inputs.includes(name)) refuse(line, `there is no input “${name}”${nearest(name, inputs)}`);
          if (probe.variant.fixed.includes(name)) refuse(line, `${label(name)} stays as it is in this page; the library reads it`);
          wants.set(name, ownOf(name, given, data.pool[probe.base[inputs.indexOf(name)]], line));
        }
        const told = (one) => [...new Set([...one.outputs, one.sought])].filter(Boolean);
        const fits = (one) => told(one).filter((name) => outputs.includes(name)).length / Math.max(told(one).length, outputs.length, 1) + (one.id === before.question ? 1e-3 : 0);
        const questions = [...data.questions].sort((a, b) => fits(b) - fits(a));
        const sets = Object.keys(data.presets).reduce((all, at) => all.flatMap((one) => data.presets[at].map(([key]) => ({ ...one, [at]: key }))), [{}]);
        let found = null;
        for (const question of questions) {
          const tried = sets.map((presets) => stateOf(question, presets, picks, wants)).filter(Boolean);
          tried.sort((a, b) => Object.keys(a.own).length - Object.keys(b.own).length);
          if ((found = tried[0])) break;
        }
        if (!found) refuse(0, "no question of this page holds what it gives; the library reads it");
        if (outputs.length && !questionOutputs(found).includes(found.answer) && outputs.includes(before.answer)) found.answer = before.answer;
        const count = wants.size;
        return { state: found, notes: [`Read: ${count ? `${count} ${count === 1 ? "number" : "numbers"} of its own` : "nothing that differs from what ships"}, asked as “${tools.questionOf(found).title}”.`] };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { error: `This cannot be read: ${error.message.replace(/\?$/, "? ")}`.replace(/([^\s?])$/, "$1. ") + "Nothing was changed." };
      }
    }
    const questionOutputs = (state) => [tools.questionOf(state).answer, ...tools.questionOf(state).outputs];
    return read;
  };
})();
